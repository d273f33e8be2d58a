//! Finds where a read lies on its reference, from its BAM record.

use std::ops::Range;

use super::bam_cigar::{self, Does};
use super::bam_fields;

/// Where a read lies on its reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The number of the reference sequence.
    pub reference: usize,
    /// The positions it is aligned to, from 0: one range, or several if it skips some as a spliced read does. Positions
    /// of deleted bases are included.
    pub blocks: Vec<Range<usize>>,
    /// Whether the read is on the reverse strand.
    pub is_reverse: bool,
    /// Whether each base has a position, one after the other: nothing is clipped, inserted, deleted or skipped.
    pub is_gapless: bool,
}

/// The placement of a record whose lengths were checked; `None` if it is unmapped.
pub(in crate::reads) fn placement(fields: &[u8]) -> Option<Placement> {
    let flags = bam_fields::flags(fields);
    let [(reference, start), _] = bam_fields::places(fields);
    let (reference, start) = (usize::try_from(reference).ok()?, usize::try_from(start).ok()?);
    let ops = bam_cigar::decode(bam_fields::cigar(fields)).filter(|ops| !flags.is_unmapped() && !ops.is_empty())?;
    let (mut at, mut blocks, mut is_gapless) = (start, Vec::<Range<usize>>::new(), true);
    for op in ops {
        let (does, length) = bam_cigar::does(op);
        is_gapless &= does == Does::Align;
        match does {
            Does::Align | Does::Delete => {
                match blocks.last_mut() {
                    Some(block) if block.end == at => block.end += length,
                    _ => blocks.push(at..at + length),
                }
                at += length;
            }
            Does::Skip => at += length,
            Does::Nothing => {}
        }
    }
    if blocks.is_empty() {
        // With too many operations for the CIGAR field, its placeholder skips all positions that they span.
        blocks.push(start..at);
    }
    Some(Placement { reference, blocks, is_reverse: flags.is_reverse_complemented(), is_gapless })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reads::formats::header::Header;
    use crate::reads::formats::sam_to_bam::Encoder;

    fn placed(flags: u16, place: &str, cigar: &str, bases: usize) -> Option<Placement> {
        let header = Header::from_text(b"@SQ\tSN:a\tLN:9000\n@SQ\tSN:b\tLN:9000\n".to_vec());
        let line = format!("r\t{flags}\t{place}\t60\t{cigar}\t*\t0\t0\t{}\t*\n", "A".repeat(bases));
        placement(&Encoder::new(&header).unwrap().encode(line.as_bytes()).unwrap())
    }

    #[test]
    #[allow(clippy::single_range_in_vec_init, reason = "a list of one range")]
    fn reads_lie_where_their_operations_say() {
        let at = |blocks: &[Range<usize>], is_reverse, is_gapless| {
            Some(Placement { reference: 1, blocks: blocks.to_vec(), is_reverse, is_gapless })
        };
        assert_eq!(placed(0, "b\t11", "20M", 20), at(&[10..30], false, true));
        assert_eq!(placed(16, "b\t11", "5=1X4=", 10), at(&[10..20], true, true));
        assert_eq!(placed(0, "b\t11", "3S5M2S", 10), at(&[10..15], false, false));
        assert_eq!(placed(0, "b\t11", "3H5M", 5), at(&[10..15], false, false));
        assert_eq!(placed(0, "b\t11", "5M2I3M4D5M", 15), at(&[10..27], false, false));
        assert_eq!(placed(0, "b\t11", "5M100N5M", 10), at(&[10..15, 115..120], false, false));
        assert_eq!((placed(4, "*\t0", "*", 10), placed(4, "b\t11", "10M", 10)), (None, None));
    }
}
