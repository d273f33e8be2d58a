//! Which mate of its pair a record is.

/// SAM's READ1/READ2: which segment of its template a record is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
