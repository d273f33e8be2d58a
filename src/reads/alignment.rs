//! An alignment record as BAM stores it, carried along for a BAM output, and the two tags that a run adds to it.

use super::formats::bam_fields;
use super::formats::bam_tags::{MALFORMED, tag_len};
use super::formats::placement::{Placement, placement};
use super::record::name_len;
use super::{Mate, Problem, Score};

/// The names of the tags that a run adds: the read's probability and its frame.
const PROBABILITY: [u8; 2] = *b"cp";
const FRAME: [u8; 2] = *b"cf";

/// A record as BAM stores it, to be written unchanged except for the tags `cp` and `cf`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alignment {
    /// The fields of the record, without the block size before them and without the tags of an earlier run.
    fields: Vec<u8>,
    /// Whether another program has a tag named like [`PROBABILITY`] or [`FRAME`]: its tag stays, and ours is left out.
    taken: [bool; 2],
    /// The mate that the record belongs to, as a primary, secondary or supplementary record.
    pub mate: Mate,
    /// The index of its segment in the template; `None` for a secondary or supplementary record, or one without bases.
    pub segment: Option<usize>,
}

impl Alignment {
    /// Creates an alignment from the fields of a BAM record, without its block size. Their lengths have been checked.
    ///
    /// # Errors
    /// [`Problem::Alignment`] if the tags are malformed.
    pub(super) fn new(fields: &[u8]) -> Result<Self, Problem> {
        let start = bam_fields::needed(fields).filter(|&start| start <= fields.len()).ok_or(MALFORMED)?;
        let (fixed, mut rest) = fields.split_at(start);
        let mut kept = fixed.to_vec();
        let mut taken = [false; 2];
        kept.reserve_exact(rest.len());
        while !rest.is_empty() {
            let (tag, after) = rest.split_at(tag_len(rest).ok_or(MALFORMED)?);
            rest = after;
            if is_ours(tag) {
                continue;
            }
            kept.extend_from_slice(tag);
            taken = [taken[0] || tag[..2] == PROBABILITY, taken[1] || tag[..2] == FRAME];
        }
        Ok(Self { mate: bam_fields::mate(bam_fields::flags(fields)), fields: kept, taken, segment: None })
    }

    /// Whether another program has tags with our names.
    pub(super) fn has_foreign_tags(&self) -> bool {
        self.taken != [false; 2]
    }

    /// Returns the record as this segment of its template, or as no segment.
    pub(super) fn of_segment(self, segment: Option<usize>) -> Self {
        Self { segment, ..self }
    }

    /// QNAME as stored.
    pub(super) fn stored_name(&self) -> &[u8] {
        bam_fields::stored_name(&self.fields)
    }

    /// QNAME without `/1` or `/2`.
    pub(super) fn name(&self) -> &[u8] {
        let name = self.stored_name();
        &name[..name_len(name)]
    }

    /// The name that records are grouped by: QNAME, for a mate without `/1` or `/2`.
    pub(super) fn own_name(&self) -> &[u8] {
        bam_fields::own_name(&self.fields)
    }

    /// Where the read lies on its reference; `None` if it is unmapped.
    #[must_use]
    pub fn placement(&self) -> Option<Placement> {
        placement(&self.fields)
    }

    /// The bytes of memory that the record keeps alive.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.fields.len()
    }

    /// Appends the record, with its tags, as a BAM file stores it.
    pub fn write(&self, score: Option<&Score>, into: &mut Vec<u8>) {
        let start = into.len();
        into.extend_from_slice(&[0; 4]);
        into.extend_from_slice(&self.fields);
        if let Some(Score { probability, frame }) = score {
            if !self.taken[0] {
                into.extend_from_slice(&PROBABILITY);
                into.push(b'f');
                into.extend_from_slice(&probability.to_le_bytes());
            }
            if let (Some(frame), false) = (frame, self.taken[1]) {
                into.extend_from_slice(&FRAME);
                into.push(b'c');
                into.extend_from_slice(&frame.to_le_bytes());
            }
        }
        let size = u32::try_from(into.len() - start - 4).expect("the size was read as u32, and tags take some bytes");
        into[start..start + 4].copy_from_slice(&size.to_le_bytes());
    }
}

/// Whether a tag was added by an earlier run of ours. The type must match too, as others may use such names for
/// something else. Tools that rewrite the record store the frame in the smallest integer type that holds it.
fn is_ours(tag: &[u8]) -> bool {
    match tag {
        [b'c', b'p', b'f', ..] => true,
        [b'c', b'f', kind, ..] => b"cCsSiI".contains(kind),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reads::Record;
    use crate::reads::formats::unaligned;

    fn fields(tags: &[u8]) -> Vec<u8> {
        let record = Record::new(b"r1", b"ACGTA", b"IIIII");
        let mut fields = unaligned::fields(&record).unwrap();
        fields.extend_from_slice(tags);
        fields
    }

    const TAGS: &[u8] = b"NMC\x05MMZC+m,5;\0MLBC\x02\0\0\0\xc8\x14XHH0A\0XFf\0\0\0\0XSs\x01\0";

    fn written(tags: &[u8], score: Option<&Score>) -> Vec<u8> {
        let mut bytes = Vec::new();
        Alignment::new(&fields(tags)).unwrap().write(score, &mut bytes);
        bytes
    }

    #[test]
    fn tags_pass_byte_for_byte_and_ours_follow() {
        let plain = written(TAGS, None);
        assert_eq!(plain[4..], fields(TAGS));
        let score = Score { probability: 0.5, frame: Some(-1) };
        let scored = written(TAGS, Some(&score));
        assert_eq!(scored[4..], [&fields(TAGS)[..], b"cpf\0\0\0\x3fcfc\xff"].concat());
        assert_eq!(u32::from_le_bytes(scored[..4].try_into().unwrap()) as usize, scored.len() - 4);
    }

    #[test]
    fn tags_of_an_earlier_run_are_replaced() {
        // The frame as we write it, and as samtools writes `cf:i:3`.
        for frame in [b"cfc\xfe", b"cfC\x03"] {
            let earlier = [&TAGS[..4], b"cpf\0\0\x80\x3f", frame, &TAGS[4..]].concat();
            assert_eq!(written(&earlier, None), written(TAGS, None));
            let score = Score { probability: 0.25, frame: None };
            assert_eq!(written(&earlier, Some(&score)), written(TAGS, Some(&score)));
        }
    }

    #[test]
    fn tags_of_these_names_that_others_gave_stay_and_ours_are_left_out() {
        let score = Score { probability: 0.5, frame: Some(-1) };
        for (foreign, added) in [(&b"cpi\x07\0\0\0"[..], &b"cfc\xff"[..]), (b"cfZx\0", b"cpf\0\0\0\x3f")] {
            let tags = [&TAGS[..4], foreign, &TAGS[4..]].concat();
            assert_eq!(written(&tags, Some(&score))[4..], [&fields(&tags)[..], added].concat());
            assert!(Alignment::new(&fields(&tags)).unwrap().has_foreign_tags());
        }
        assert!(!Alignment::new(&fields(b"cpf\0\0\x80\x3f")).unwrap().has_foreign_tags());
    }

    #[test]
    fn malformed_tags_are_refused() {
        for tags in [&b"N"[..], b"NM", b"NMC", b"NMi\0\0\0", b"MMZabc", b"XX?\0", b"MLBC\xff\xff\xff\xff\0", b"MLB"] {
            assert!(Alignment::new(&fields(tags)).is_err(), "{tags:?}");
        }
    }

    proptest! {
        #[test]
        fn no_tags_make_the_walk_panic(tags: Vec<u8>) {
            let _ = Alignment::new(&fields(&tags));
        }
    }
}
