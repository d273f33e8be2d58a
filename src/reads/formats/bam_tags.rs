//! The tags at the end of a BAM record.

use crate::reads::Problem;

/// The problem of a record whose tags cannot be told apart.
pub(in crate::reads) const MALFORMED: Problem =
    Problem::Alignment { format: "BAM", what: "its tags are not well formed" };

/// The length in bytes of the first tag: name, type and value.
pub(in crate::reads) fn tag_len(tags: &[u8]) -> Option<usize> {
    let head = 3;
    let value = tags.get(head..)?;
    let len = match tags[2] {
        b'Z' | b'H' => memchr::memchr(0, value)? + 1,
        b'B' => {
            let (&subtype, count) = value.split_first()?;
            let count = u32::from_le_bytes(*count.first_chunk()?);
            size(subtype)?.checked_mul(usize::try_from(count).ok()?)?.checked_add(5)?
        }
        kind => size(kind)?,
    };
    (len <= value.len()).then_some(head + len)
}

/// The length in bytes of a number or letter of this type.
fn size(kind: u8) -> Option<usize> {
    match kind {
        b'A' | b'c' | b'C' => Some(1),
        b's' | b'S' => Some(2),
        b'i' | b'I' | b'f' => Some(4),
        b'd' => Some(8), // not in the specification, but htslib reads and writes it
        _ => None,
    }
}
