//! The mate of a pair that a record is.

/// The segment of its template that a record is, by SAM's READ1 and READ2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mate {
    /// Neither or both flags are set: the template's only segment.
    #[default]
    Unpaired,
    /// The first mate, R1.
    First,
    /// The second mate, R2.
    Second,
}

impl Mate {
    /// The number 0, 1 or 2, as in the scores table.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Unpaired => 0,
            Self::First => 1,
            Self::Second => 2,
        }
    }
}
