//! The input of a network: a read, or a window of one.

/// The overlapping k-mers of a read or of a window of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// The token ids.
    pub ids: &'a [u16],
    /// The number of bases of padding before the first k-mer. A network with positions of several bases needs it to
    /// know where they start.
    pub before: usize,
}

impl<'a> From<&'a [u16]> for Row<'a> {
    fn from(ids: &'a [u16]) -> Self {
        Self { ids, before: 0 }
    }
}
