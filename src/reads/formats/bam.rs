//! Reads BAM records as `samtools fastq` does; SAM lines are turned into BAM records first.

use noodles::bam;
use noodles::sam::alignment::record::Flags;
use noodles::sam::alignment::record::cigar::op::Kind;

use super::bam_cigar;
use super::bam_fields::{
    FIXED, NAME_LENGTH, UNKNOWN_QUALITY, bases, cigar, flags, mate, needed, own_name, places, stored_name,
};
use super::parse::{Fault, Framed, Step};
use super::strand::reverse_complement;
use crate::reads::{Problem, Record};

/// Parses the record at the start of the window.
///
/// noodles' `read_record` copies each record, and trusts a block size of zero or of gigabytes. Here noodles only reads
/// the fields in place.
pub(in crate::reads) fn parse(window: &[u8], ended: bool) -> Result<Step, Fault> {
    Ok(match frame(window, ended)? {
        Framed::More => Step::More,
        Framed::Blank(len) => Step::Blank(len),
        Framed::End => Step::End,
        Framed::Record { len, .. } => read(&window[SIZE..len], len),
    })
}

/// The length of the block size before a record.
const SIZE: usize = size_of::<u32>();

/// Finds the length and the group name of the record at the start of the window.
pub(in crate::reads) fn frame(window: &[u8], ended: bool) -> Result<Framed, Fault> {
    let Some((size, rest)) = window.split_first_chunk::<SIZE>() else { return no_record(window, ended) };
    let size = usize::try_from(u32::from_le_bytes(*size)).expect("at least 32 bits");
    if let Some(fields) = rest.get(..size) {
        check(fields)?;
        let name = SIZE + FIXED..SIZE + FIXED + own_name(fields).len();
        return Ok(Framed::Record { len: SIZE + size, name, flags: flags(fields) });
    }
    // The fixed fields come first, so nonsense is found without waiting for gigabytes of it.
    if rest.len() >= FIXED && needed(rest).is_none_or(|needed| needed > size) {
        return Err(invalid("its fields are longer than the record"));
    }
    if ended { Err(Problem::Cut.into()) } else { Ok(Framed::More) }
}

fn no_record(window: &[u8], ended: bool) -> Result<Framed, Fault> {
    match (ended, window.is_empty()) {
        (false, _) => Ok(Framed::More),
        (true, true) => Ok(Framed::End),
        (true, false) => Err(Problem::Cut.into()),
    }
}

/// Checks that all lengths fit the record, since noodles reads a field wherever its length leads.
fn check(fields: &[u8]) -> Result<(), Fault> {
    if fields.len() < FIXED {
        return Err(invalid("it is shorter than its fixed fields"));
    }
    match needed(fields) {
        Some(needed) if needed <= fields.len() => {}
        _ => return Err(invalid("its fields are longer than the record")),
    }
    if fields[NAME_LENGTH] == 0 {
        return Err(invalid("its name has no end"));
    }
    // A line end in a name would break whatever is written; a blank would end the name in FASTQ.
    if stored_name(fields).iter().any(|byte| byte.is_ascii_control() || *byte == b' ') {
        return Err(invalid("its name holds a blank or a control character"));
    }
    let Some(ops) = bam_cigar::decode(cigar(fields)) else { return Err(invalid("its CIGAR has an unknown operation")) };
    let bases = u64::from(bases(fields));
    if !ops.is_empty() && bases > 0 && !flags(fields).is_unmapped() && bam_cigar::bases(&ops) != bases {
        return Err(invalid("its CIGAR and its bases are of different lengths"));
    }
    Ok(())
}

/// Refuses a record (block size included) on a reference sequence that the header lacks: no tool could read it.
pub(in crate::reads) fn check_places(stored: &[u8], references: usize) -> Result<(), Problem> {
    let places = places(&stored[SIZE..]);
    let known = |place: i32| place == -1 || usize::try_from(place).is_ok_and(|place| place < references);
    if !places.iter().all(|&(place, _)| known(place)) {
        return Err(Problem::Alignment { format: "BAM", what: "its reference sequence is not in the header" });
    }
    if places.iter().any(|&(_, start)| start < -1) {
        return Err(Problem::Alignment { format: "BAM", what: "its position is negative" });
    }
    Ok(())
}

fn invalid(what: &'static str) -> Fault {
    Problem::Alignment { format: "BAM", what }.into()
}

/// Turns the fields of a record, whose lengths have been checked, into a read; `len` is the record's length in the
/// file.
pub(in crate::reads) fn read(fields: &[u8], len: usize) -> Step {
    let record = bam::RecordRef::new(fields).expect("checked: longer than the fixed fields");
    let flags = record.flags();
    if let Some(left_out) = left_out(flags, len) {
        return left_out;
    }
    let sequence = record.sequence();
    let scores = record.quality_scores().as_bytes();
    let name = record.name().map_or(&b"*"[..], |name| name.as_ref());
    let mut read = Record::blank(name, sequence.len(), !scores.is_empty());
    decode_bases(sequence.as_bytes(), read.bases_mut());
    for (letter, &score) in read.quality_scores_mut().iter_mut().zip(scores) {
        *letter = score.min(93) + b'!';
    }
    let hard_clipped = record.cigar().iter().flatten().any(|op| op.kind() == Kind::HardClip);
    as_sequenced(flags, read, hard_clipped, len)
}

/// Skips secondary and supplementary alignments, which repeat bases of a primary one.
fn left_out(flags: Flags, len: usize) -> Option<Step> {
    if flags.is_secondary() {
        Some(Step::Secondary(len))
    } else if flags.is_supplementary() {
        Some(Step::Supplementary(len))
    } else {
        None
    }
}

/// Turns an aligned record back into the read as sequenced. Soft clips are part of it; hard clips are lost.
fn as_sequenced(flags: Flags, mut record: Record, hard_clipped: bool, len: usize) -> Step {
    record.fill_quality_scores(UNKNOWN_QUALITY);
    if flags.is_reverse_complemented() {
        reverse_complement(record.bases_mut());
        record.quality_scores_mut().reverse();
    }
    record.mate = mate(flags);
    if hard_clipped { Step::HardClipped(record, len) } else { Step::Record(record, len) }
}

/// The sixteen letters of BAM, by code.
const LETTERS: [u8; 16] = *b"=ACMGRSVTWYHKDBN";

/// The two letters in each byte of packed bases.
const PAIRS: [[u8; 2]; 256] = {
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        pairs[byte] = [LETTERS[byte >> 4], LETTERS[byte & 15]];
        byte += 1;
    }
    pairs
};

/// Unpacks `packed`, with two bases per byte, into letters.
fn decode_bases(packed: &[u8], bases: &mut [u8]) {
    let (twos, one) = bases.as_chunks_mut();
    let mut packed = packed.iter().map(|&byte| PAIRS[usize::from(byte)]);
    twos.iter_mut().zip(&mut packed).for_each(|(two, letters)| *two = letters);
    if let ([one], Some([letter, _])) = (one, packed.next()) {
        *one = letter;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_bytes_make_the_parser_panic(window in prop::collection::vec(any::<u8>(), 0..300), ended: bool) {
            let _ = parse(&window, ended);
        }

        #[test]
        fn no_lengths_make_the_parser_panic(size in 0_u32..200, name: u8, ops: u16, bases in 0_u32..300) {
            let mut window = vec![0_u8; 250];
            window[..4].copy_from_slice(&size.to_le_bytes());
            window[12] = name;
            window[16..18].copy_from_slice(&ops.to_le_bytes());
            window[20..24].copy_from_slice(&bases.to_le_bytes());
            let _ = parse(&window, true);
        }
    }

    #[test]
    fn a_name_that_would_break_a_line_is_refused() {
        let parsed = |name: &[u8; 4]| {
            let mut window = vec![0_u8; 4 + FIXED];
            window[..4].copy_from_slice(&36_u32.to_le_bytes());
            (window[12], window[18]) = (4, 4); // unmapped, no bases
            window.extend_from_slice(name);
            parse(&window, true)
        };
        assert!(parsed(b"a_b\0").is_ok());
        for name in [b"a\nb\0", b"a\tb\0", b"a b\0"] {
            assert!(matches!(parsed(name).unwrap_err().problem, Problem::Alignment { .. }));
        }
    }

    /// A record of four bases on the first reference sequence, with one operation.
    fn on_reference(op: u32, flags: u16, edit: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut stored = vec![0_u8; 4 + FIXED];
        (stored[12], stored[16], stored[20]) = (2, 1, 4);
        stored[18..20].copy_from_slice(&flags.to_le_bytes());
        stored[24..28].copy_from_slice(&(-1_i32).to_le_bytes());
        stored.extend_from_slice(b"r\0");
        stored.extend_from_slice(&op.to_le_bytes());
        stored.extend_from_slice(b"\x12\x48IIII");
        edit(&mut stored);
        let size = u32::try_from(stored.len() - 4).unwrap();
        stored[..4].copy_from_slice(&size.to_le_bytes());
        stored
    }

    #[test]
    fn what_other_tools_could_not_read_is_refused() {
        assert!(matches!(parse(&on_reference(4 << 4, 0, |_| {}), true), Ok(Step::Record(..))));
        assert!(parse(&on_reference(3 << 4, 4, |_| {}), true).is_ok(), "it is unmapped");
        assert!(parse(&on_reference(3 << 4, 0, |_| {}), true).is_err(), "of another length than its bases");
        assert!(parse(&on_reference((4 << 4) | 15, 0, |_| {}), true).is_err(), "an operation that does not exist");
        for (place, start, fits) in [(0, 0, true), (-1, -1, true), (1, 0, false), (-2, 0, false), (0, -2, false)] {
            for at in [4, 24] {
                let stored = on_reference(4 << 4, 0, |stored| {
                    stored[at..at + 4].copy_from_slice(&i32::to_le_bytes(place));
                    stored[at + 4..at + 8].copy_from_slice(&i32::to_le_bytes(start));
                });
                assert_eq!(check_places(&stored, 1).is_ok(), fits, "{place} {start}");
            }
        }
    }

    #[test]
    fn packed_bases_are_decoded_to_their_length() {
        let decoded = |packed: &[u8], len| {
            let mut bases = vec![0; len];
            decode_bases(packed, &mut bases);
            bases
        };
        assert_eq!(decoded(&[0x12, 0x48], 4), b"ACGT");
        assert_eq!(decoded(&[0x12, 0x40], 3), b"ACG");
        assert_eq!(decoded(&[], 0), b"");
    }

    #[test]
    fn an_absurd_record_size_is_refused_at_once() {
        let mut window = vec![0xff_u8; 4];
        window.extend([0; 40]);
        window[20..24].fill(0xff);
        assert!(parse(&window, false).is_err());
        assert!(parse(&[0, 0, 0, 0], false).is_err());
    }
}
