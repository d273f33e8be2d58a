//! What a read is, whatever file it came from: records, the templates they form, and how both are read and written.
//!
//! Nothing outside this module knows noodles or a file format. It must not know what a model or a verdict is.

use std::sync::atomic::{AtomicU64, Ordering};

use smallvec::SmallVec;

mod alignment;
mod annotation;
mod bam;
mod bgzf;
mod blocks;
mod buffer;
mod collate;
mod compression;
mod cram;
pub mod encode;
mod error;
mod fasta;
mod fastq;
mod header;
mod input;
mod lanes;
mod mate_names;
mod name_hash;
pub mod output;
mod pairs;
mod problem;
mod record;
mod records;
mod reference;
mod relay;
mod sam;
mod sam_to_bam;
mod sorter;
mod stored;
#[cfg(test)]
mod tests;
mod unaligned;

pub use alignment::{Alignment, Score};
pub use bam::reverse_complement;
pub use collate::Collate;
pub use error::{Error, Position, Result};
pub use header::Header;
pub use input::{Alignments, Format, Grouping, Input, InputConfig, Layout, Templates};
pub use lanes::{Inputs, open};
pub use name_hash::name_hash;
pub use problem::Problem;
pub use record::Record;
use record::{name_len, word_len};

/// SAM's READ1/READ2: which segment of its template a record is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mate {
    /// Neither or both flags: the template's only segment.
    #[default]
    Unpaired,
    /// R1.
    First,
    /// R2.
    Second,
}

impl Mate {
    /// 0, 1 or 2, as the scores table prints it.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Unpaired => 0,
            Self::First => 1,
            Self::Second => 2,
        }
    }
}

/// The records of a template: most have one, and it lies in place.
pub type Segments = SmallVec<[Record; 1]>;

/// All segments of one name, in input order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// Its records. Secondary and supplementary ones are left out, as are those without bases. None at all only where
    /// `alignments` holds what was left out.
    pub segments: Segments,
    /// All its records as BAM stores them, in input order, where a BAM output wants them.
    pub alignments: Vec<Alignment>,
}

impl Template {
    /// The name its records share; none of an empty template.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        let stored = self.alignments.first().map(Alignment::name);
        self.segments.first().map(Record::name).or(stored).unwrap_or_default()
    }

    /// Bytes this template keeps alive: what memory bounds are counted in.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.segments.iter().map(Record::bytes).sum::<usize>()
            + self.alignments.iter().map(Alignment::bytes).sum::<usize>()
    }
}

/// What the readers saw and left out: shared with the progress bar and the report while the run goes on.
#[derive(Debug, Default)]
pub struct InputCounts {
    /// Records read from the input, those left out included.
    pub records: Count,
    /// Secondary alignments left out (SAM flag 0x100).
    pub secondary: Count,
    /// Supplementary alignments left out (SAM flag 0x800, not 0x100).
    pub supplementary: Count,
    /// Records dropped because they have no bases (SEQ `*`, empty FASTQ records).
    pub without_bases: Count,
    /// Records kept whose CIGAR has hard clips: those bases are lost to the input already.
    pub hard_clipped: Count,
    /// Mates (READ1 or READ2) whose other mate is not in the input.
    pub orphans: Count,
    /// Records of templates that a sample did not take.
    pub not_sampled: Count,
    /// Bytes of the files as stored (compressed) whose content is used, all inputs together.
    pub stored_bytes: Count,
}

impl InputCounts {
    /// Records that are no reads of their own, or in no sample: not written but to BAM, where they follow their template.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.secondary.get() + self.supplementary.get() + self.without_bases.get() + self.not_sampled.get()
    }
}

/// A relaxed counter: a stage adds, the progress bar and the report read.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// Adds `n`.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// The sum so far.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
