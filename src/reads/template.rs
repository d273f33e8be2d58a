//! Templates: the records that belong together.

use smallvec::SmallVec;

use super::{Alignment, Record};

/// The segments of a template. Most templates have one, which is stored inline.
pub type Segments = SmallVec<[Record; 1]>;

/// The segments of one name, each first mate before its second mate, in input order otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// The reads of the template, without secondary and supplementary records and records without bases. Empty only if
    /// `alignments` holds such records.
    pub segments: Segments,
    /// All records of the template as BAM stores them, in input order, if a BAM output needs them.
    pub alignments: Vec<Alignment>,
}

impl Template {
    /// The name that the records share; empty for an empty template.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        let stored = self.alignments.first().map(Alignment::name);
        self.segments.first().map(Record::name).or(stored).unwrap_or_default()
    }

    /// The bytes of memory that the template keeps alive, by which memory is bounded.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.segments.iter().map(Record::bytes).sum::<usize>()
            + self.alignments.iter().map(Alignment::bytes).sum::<usize>()
    }
}
