//! How a table names a read.

use crate::reads::Record;

/// Appends a read's name; a mate's is followed by `/1` or `/2`.
pub(crate) fn push(segment: &Record, text: &mut Vec<u8>) {
    text.extend_from_slice(segment.name());
    if segment.mate.number() > 0 {
        text.extend([b'/', b'0' + segment.mate.number()]);
    }
}
