//! The header of a slice (CRAM specification, 8.5): the number of its records, and the checksum of the embedded part of
//! a reference sequence, if it has one.
//!
//! noodles does not verify embedded references. If no reference is needed at all, a checksum is meaningless, and is
//! ignored as in today's htslib.

use std::ops::Range;

use md5::{Digest, Md5};

use super::numbers::{itf8, split_off};
use crate::reads::Problem;

/// The header of a slice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) records: u32,
    /// The range of one reference sequence on which all records lie, from 1; `None` if they lie on several or on none.
    pub(super) extent: Option<Range<usize>>,
    /// The embedded reference sequence, if there is one with a checksum.
    pub(super) embedded: Option<Embedded>,
}

/// The reference sequence embedded in a slice, as the header describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Embedded {
    /// The id of the block that holds it.
    content: i32,
    /// The number of bases that the slice spans.
    span: usize,
    md5: [u8; 16],
}

/// Stands for "none" in a slice's header: no block, or no single sequence.
const NONE: i32 = -1;

impl Slice {
    /// Reads the header of a slice; `None` if it is incomplete.
    pub(super) fn new(mut header: &[u8]) -> Option<Self> {
        let header = &mut header;
        let (sequence, start, span, records) = (itf8(header)?, itf8(header)?, itf8(header)?, itf8(header)?);
        let more = header.first()?.leading_ones(); // bytes of how many records came before
        split_off(header, 1 + more)?;
        let _blocks = itf8(header)?;
        for _ in 0..itf8(header)? {
            itf8(header)?;
        }
        let content = itf8(header)?.cast_signed();
        let md5 = *header.first_chunk()?;
        let is_there = content > NONE && sequence.cast_signed() > NONE && md5 != [0; 16];
        let (start, span) = (usize::try_from(start).ok()?, usize::try_from(span).ok()?);
        let extent = (sequence.cast_signed() > NONE).then(|| start..start.saturating_add(span));
        Some(Self { records, extent, embedded: is_there.then_some(Embedded { content, span, md5 }) })
    }
}

impl Embedded {
    /// Compares the checksum with that of the sequence, which `block` finds by the id of its block.
    pub(super) fn check<'a>(&self, block: impl FnOnce(i32) -> Option<&'a [u8]>) -> Result<(), Problem> {
        let problem = |what: &str| Err(Problem::Cram(format!("the reference within a slice {what}")));
        let Some(bases) = block(self.content) else { return problem("is missing") };
        let Some(bases) = bases.get(..self.span) else { return problem("is shorter than the slice") };
        let matches = |bases: &[u8]| self.md5 == <[u8; 16]>::from(Md5::digest(bases));
        if matches(bases) || matches(&bases.to_ascii_uppercase()) {
            Ok(())
        } else {
            problem("does not match its checksum")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A slice of reference sequence 2 from base 3, 5 bases, 8 records after 13 others, one block (21); `embedded` is
    /// the block with the sequence.
    fn header(embedded: &[u8], md5: [u8; 16]) -> Vec<u8> {
        [&[2, 3, 5, 8, 13, 1, 1, 21], embedded, &md5].concat()
    }

    fn embedded(header: &[u8]) -> Option<Embedded> {
        Slice::new(header).and_then(|slice| slice.embedded)
    }

    #[test]
    fn a_sequence_within_a_slice_is_compared_with_its_checksum() {
        let md5 = Md5::digest("ACGTA").into();
        let embedded = embedded(&header(&[21], md5)).unwrap();
        let complaint = |block: Option<&'static [u8]>| {
            let mut asked = 0;
            let checked = embedded.check(|content| {
                asked = content;
                block
            });
            assert_eq!(asked, 21);
            checked.err().map(|problem| problem.to_string()).unwrap_or_default()
        };
        for right in [&b"ACGTA"[..], b"acgta", b"ACGTAC"] {
            assert_eq!(complaint(Some(right)), "");
        }
        assert!(complaint(Some(b"ACGTT")).contains("does not match its checksum"));
        assert!(complaint(Some(b"ACGT")).contains("is shorter than the slice"));
        assert!(complaint(None).contains("is missing"));
    }

    #[test]
    fn without_a_sequence_or_a_checksum_there_is_nothing_to_compare() {
        assert_eq!(embedded(&header(&[21], [0; 16])), None);
        assert_eq!(embedded(&header(&[0xff, 0xff, 0xff, 0xff, 0x0f], [1; 16])), None);
        let several = [&[0xff, 0xff, 0xff, 0xff, 0x0e][..], &header(&[21], [1; 16])[1..]].concat();
        assert_eq!(embedded(&several), None, "of several sequences");
        let whole = header(&[21], [1; 16]);
        assert_eq!(Slice::new(&whole).map(|slice| (slice.records, slice.extent)), Some((8, Some(3..8))));
        assert_eq!(Slice::new(&several).unwrap().extent, None);
        for cut in 0..whole.len() {
            assert!(Slice::new(&whole[..cut]).is_none(), "{cut}");
        }
    }
}
