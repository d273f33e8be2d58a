//! What belongs together: the records of one name.

use smallvec::SmallVec;

use super::{Alignment, Record};

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
