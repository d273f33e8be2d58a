//! The format of an output, chosen by its name.

use std::path::Path;

use super::suffix::has_suffix;
use crate::reads::Codec;

/// A format reads are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SequenceFormat {
    /// Sequence and quality scores, four lines a record.
    Fastq,
    /// Sequence without quality scores.
    Fasta,
}

impl SequenceFormat {
    /// The format that a path's suffix selects: FASTA for `.fa`, `.fasta` and `.fna`, compressed or not; otherwise
    /// FASTQ.
    ///
    /// ```
    /// use readseeker::reads::output::SequenceFormat;
    /// assert_eq!(SequenceFormat::of("coding.fna.gz".as_ref()), SequenceFormat::Fasta);
    /// assert_eq!(SequenceFormat::of("coding.fq".as_ref()), SequenceFormat::Fastq);
    /// ```
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let inner = if Codec::of(path) == Codec::Plain { path.to_owned() } else { path.with_extension("") };
        if has_suffix(&inner, &["fa", "fasta", "fna"]) { Self::Fasta } else { Self::Fastq }
    }
}

/// The format of a class's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// Reads as they were sequenced.
    Letters(SequenceFormat),
    /// Records as they were stored, with alignment and tags.
    Bam,
}

impl FileFormat {
    /// The format that a path's suffix selects: BAM for `.bam`, otherwise a [`SequenceFormat`].
    #[must_use]
    pub fn of(path: &Path) -> Self {
        if has_suffix(path, &["bam"]) { Self::Bam } else { Self::Letters(SequenceFormat::of(path)) }
    }
}
