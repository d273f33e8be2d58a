//! Reads numbers and slices from the bytes of a CRAM; most functions return `None` if there are too few bytes.

/// Splits off the next `n` bytes.
pub(super) fn split_off<'a>(bytes: &mut &'a [u8], n: u32) -> Option<&'a [u8]> {
    bytes.split_off(..usize::try_from(n).ok()?)
}

/// Reads four bytes as a little-endian number; 0 if there are fewer.
pub(super) fn u32_le(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes)).into()
}

/// Reads a number in ITF8: the leading ones of its first byte say how many bytes follow (CRAM specification, 2.3).
pub(super) fn itf8(bytes: &mut &[u8]) -> Option<u32> {
    let (&first, rest) = bytes.split_first()?;
    let more = usize::try_from(first.leading_ones().min(4)).expect("at most four");
    let (following, rest) = rest.split_at_checked(more)?;
    *bytes = rest;
    let last = |number: u32, &byte: &u8| (number << 8) | u32::from(byte);
    Some(match more {
        // Of five bytes, the last one has only four bits.
        4 => (following[..3].iter().fold(u32::from(first & 0x0f), last) << 4) | u32::from(following[3] & 0x0f),
        _ => following.iter().fold(u32::from(first) & (0x7f >> more), last),
    })
}

/// Reads a number with seven bits per byte, the highest first (CRAM codecs specification, 1.1).
pub(super) fn uint7(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for _ in 0..5 {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number = (number << 7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_the_specification_has_them() {
        let number = |bytes: &[u8]| itf8(&mut &*bytes);
        assert_eq!(number(&[0x7f]), Some(0x7f));
        assert_eq!(number(&[0x80, 0x80]), Some(0x80));
        assert_eq!(number(&[0xe1, 0x02, 0x03, 0x04]), Some(0x0102_0304));
        assert_eq!(number(&[0xff, 0xff, 0xff, 0xff, 0x0f]), Some(u32::MAX));
        assert_eq!(number(&[0x80]), None);
        assert_eq!(uint7(&mut &[0x81, 0x00][..]), Some(128));
    }
}
