//! A record as its file stores it, whatever the format: enough to group it by name.

use std::ops::Range;

use crate::reads::Mate;

/// A record as it is in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::reads) struct RawRecord {
    /// Its place in the input, from 1.
    pub(in crate::reads) ordinal: u64,
    pub(in crate::reads) mate: Mate,
    /// Where in `bytes` the name is that its template shares.
    pub(in crate::reads) name: Range<usize>,
    pub(in crate::reads) bytes: Vec<u8>,
}

impl RawRecord {
    pub(in crate::reads) fn name(&self) -> &[u8] {
        &self.bytes[self.name.clone()]
    }
}
