//! A record as its file stores it, in any format, with just what is needed to group it by name.

use std::ops::Range;

use crate::reads::Mate;

/// A record as its file stores it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::reads) struct RawRecord {
    /// The record's place in the input, from 1.
    pub(in crate::reads) ordinal: u64,
    pub(in crate::reads) mate: Mate,
    /// The range in `bytes` of the name that the records of its template share.
    pub(in crate::reads) name: Range<usize>,
    pub(in crate::reads) bytes: Vec<u8>,
}

impl RawRecord {
    pub(in crate::reads) fn name(&self) -> &[u8] {
        &self.bytes[self.name.clone()]
    }
}
