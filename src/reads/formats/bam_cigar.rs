//! CIGAR operations as BAM stores them: a length and, in the lowest four bits, the kind of operation.

/// A CIGAR operation.
pub(super) type Op = u32;

/// The letters of the operations by code. The last one is an extension of htslib.
const LETTERS: &[u8; 10] = b"MIDNSHP=XB";

const REFERENCE_SKIP: u32 = 3;
const SOFT_CLIP: u32 = 4;

/// The largest length of an operation.
const LONGEST: u32 = (1 << 28) - 1;

/// The largest number of operations that fits into the CIGAR field of a record.
const MOST: usize = u16::MAX as usize;

/// Parses the CIGAR of a SAM line; `*` has no operations.
pub(super) fn parse(text: &[u8]) -> Option<Vec<Op>> {
    if text == b"*" {
        return Some(Vec::new());
    }
    let mut ops = Vec::new();
    let mut length: Option<u32> = None;
    for &byte in text {
        if byte.is_ascii_digit() {
            let longer = length.unwrap_or(0).checked_mul(10)?.checked_add(u32::from(byte - b'0'))?;
            length = Some(longer).filter(|&length| length <= LONGEST);
            length?;
        } else {
            let kind = LETTERS.iter().position(|&letter| letter == byte)?;
            ops.push((length.take()? << 4) | u32::try_from(kind).ok()?);
        }
    }
    (length.is_none() && !ops.is_empty()).then_some(ops)
}

/// Decodes the operations of a BAM record; `None` if one is of an unknown kind.
pub(super) fn decode(bytes: &[u8]) -> Option<Vec<Op>> {
    let ops: Vec<Op> = bytes.as_chunks().0.iter().map(|&op| u32::from_le_bytes(op)).collect();
    ops.iter().all(|op| kind(*op) < LETTERS.len()).then_some(ops)
}

fn kind(op: Op) -> usize {
    (op & 15) as usize
}

/// The effect of an operation on the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Does {
    /// Bases of the read are aligned.
    Align,
    /// The read lacks bases of the reference.
    Delete,
    /// The read skips an intron.
    Skip,
    /// Bases are inserted or clipped, so the position on the reference stays.
    Nothing,
}

/// The effect of an operation, and its length.
pub(super) fn does(op: Op) -> (Does, usize) {
    let does = match LETTERS[kind(op)] {
        b'M' | b'=' | b'X' => Does::Align,
        b'D' => Does::Delete,
        b'N' => Does::Skip,
        _ => Does::Nothing,
    };
    (does, usize::try_from(op >> 4).expect("at least 32 bits"))
}

/// The number of bases of the read that the operations consume.
pub(super) fn bases(ops: &[Op]) -> u64 {
    sum(ops, b"MIS=X")
}

/// The number of bases of the reference that the operations consume.
pub(super) fn span(ops: &[Op]) -> u64 {
    sum(ops, b"MDN=X")
}

fn sum(ops: &[Op], of: &[u8]) -> u64 {
    ops.iter().filter(|op| of.contains(&LETTERS[kind(**op)])).map(|op| u64::from(op >> 4)).sum()
}

/// Returns the operations for a record's CIGAR field. If there are too many, a placeholder says that the read of so
/// many bases has them in a tag (SAM specification, 4.2.2).
pub(super) fn stored(ops: &[Op], bases: usize) -> Vec<Op> {
    let of_length = |length: u64| u32::try_from(length).unwrap_or(LONGEST).min(LONGEST) << 4;
    match ops.len() {
        ..=MOST => ops.to_vec(),
        _ => vec![of_length(bases as u64) | SOFT_CLIP, of_length(span(ops)) | REFERENCE_SKIP],
    }
}

/// The bin of a record that starts at `start` (-1 if nowhere) and spans so many bases (SAM specification, 5.3).
pub(super) fn bin(start: i32, span: u64) -> u16 {
    let first = i64::from(start);
    let last = first + i64::try_from(span.max(1)).unwrap_or(i64::MAX >> 1) - 1;
    let levels = [(14, 4681), (17, 585), (20, 73), (23, 9), (26, 1)];
    let fits = levels.into_iter().find(|(shift, _)| first >> shift == last >> shift);
    let bin = fits.map_or(0, |(shift, offset)| offset + (first >> shift));
    // Beyond the end of the binning scheme, htslib keeps the lowest bits too.
    u16::try_from(bin & 0xffff).expect("sixteen bits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_operations() {
        assert_eq!(parse(b"*"), Some(vec![]));
        assert_eq!(parse(b"10S80M2I0D1H"), Some(vec![10 << 4 | 4, 80 << 4, 2 << 4 | 1, 2, 1 << 4 | 5]));
        for text in ["", "4", "M", "4Q", "4M3", "-4M", "268435456M", "99999999999M", "* "] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn operations_take_bases_of_the_read_and_of_the_reference() {
        let ops = parse(b"1H2S4M8I16D32N64P128=256X").unwrap();
        assert_eq!((bases(&ops), span(&ops)), (2 + 4 + 8 + 128 + 256, 4 + 16 + 32 + 128 + 256));
        let bytes: Vec<u8> = ops.iter().flat_map(|op| op.to_le_bytes()).collect();
        assert_eq!(decode(&bytes), Some(ops));
        assert_eq!(decode(&[15, 0, 0, 0]), None);
    }

    #[test]
    fn bins_are_those_of_the_specification() {
        for (start, span, expected) in [
            (-1, 0, 4680),
            (0, 1, 4681),
            (0, 1 << 14, 4681),
            (0, (1 << 14) + 1, 585),
            (16383, 2, 585),
            ((1 << 26) - 1, 2, 0),
            (1 << 14, 5, 4682),
        ] {
            assert_eq!(bin(start, span), expected, "{start} {span}");
        }
    }
}
