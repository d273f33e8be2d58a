//! BAM records as reads, exactly as `samtools fastq` makes them; SAM comes through the second half of it.

use noodles::bam;
use noodles::sam::alignment::record::Flags;
use noodles::sam::alignment::record::cigar::op::Kind;
use tokio::io::AsyncReadExt;

use super::bam_fields::{FIXED, UNKNOWN_QUALITY, flags, mate, name, needed, stored_name};
use super::header::{Header, ReferenceSequence};
use super::parse::{Fault, Framed, Step};
use super::strand::reverse_complement;
use crate::reads::bytes::window::{Bytes, Window};
use crate::reads::{Problem, Record};

/// Reads up to the first record.
pub(in crate::reads) async fn read_header(content: &mut Window<Bytes>) -> Result<Header, Problem> {
    let mut reader = bam::r#async::io::Reader::from(content);
    let mut header = reader.header_reader();
    header.read_magic_number().await?;
    // The text is searched, not parsed: aligners write headers that strict parsers refuse, and we need a few tags.
    let mut text = Vec::new();
    let mut text_reader = header.raw_sam_header_reader().await?;
    text_reader.read_to_end(&mut text).await?;
    text_reader.discard_to_end().await?;
    let references = header.read_reference_sequences().await?;
    let references = references.iter().map(|(name, map)| {
        let length = u32::try_from(map.length().get()).expect("BAM stores it in 32 bits");
        ReferenceSequence { name: name.to_vec(), length }
    });
    Ok(Header::new(text, references.collect()))
}

/// The record the window starts with.
///
/// noodles' `read_record` copies each record and takes a block size of zero, or of gigabytes, at its word; here noodles
/// reads the fields where they lie.
pub(in crate::reads) fn parse(window: &[u8], ended: bool) -> Result<Step, Fault> {
    Ok(match frame(window, ended)? {
        Framed::More => Step::More,
        Framed::End => Step::End,
        Framed::Record { len, .. } => {
            let record = bam::RecordRef::new(&window[SIZE..len]).expect("checked: longer than the fixed fields");
            read(&record, len)
        }
    })
}

/// The bytes before a record that say how long it is.
const SIZE: usize = size_of::<u32>();

/// How long the record is that the window starts with, and what it is grouped by.
pub(in crate::reads) fn frame(window: &[u8], ended: bool) -> Result<Framed, Fault> {
    let Some((size, rest)) = window.split_first_chunk::<SIZE>() else { return no_record(window, ended) };
    let size = usize::try_from(u32::from_le_bytes(*size)).expect("at least 32 bits");
    if let Some(fields) = rest.get(..size) {
        check(fields)?;
        let name = SIZE + FIXED..SIZE + FIXED + name(fields).len();
        return Ok(Framed::Record { len: SIZE + size, name, flags: flags(fields) });
    }
    // The fixed fields come before the rest: nonsense is found without waiting for gigabytes of it.
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

/// noodles reads a field wherever its length leads: the lengths must fit the record before it may.
fn check(fields: &[u8]) -> Result<(), Fault> {
    if fields.len() < FIXED {
        return Err(invalid("it is shorter than its fixed fields"));
    }
    match needed(fields) {
        Some(needed) if needed <= fields.len() => {}
        _ => return Err(invalid("its fields are longer than the record")),
    }
    // A line end in a name would bring whatever is written out of step.
    if stored_name(fields).iter().any(u8::is_ascii_control) {
        return Err(invalid("its name holds a control character"));
    }
    Ok(())
}

fn invalid(what: &'static str) -> Fault {
    Problem::Alignment { format: "BAM", what }.into()
}

fn read(record: &bam::RecordRef<'_>, len: usize) -> Step {
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

/// Secondary and supplementary alignments repeat bases of a primary one.
pub(in crate::reads) fn left_out(flags: Flags, len: usize) -> Option<Step> {
    if flags.is_secondary() {
        Some(Step::Secondary(len))
    } else if flags.is_supplementary() {
        Some(Step::Supplementary(len))
    } else {
        None
    }
}

/// Turns an aligned record back to the read the sequencer saw. Soft clips are part of it; hard clips are lost.
pub(in crate::reads) fn as_sequenced(flags: Flags, mut record: Record, hard_clipped: bool, len: usize) -> Step {
    record.fill_quality_scores(UNKNOWN_QUALITY);
    if flags.is_reverse_complemented() {
        reverse_complement(record.bases_mut());
        record.quality_scores_mut().reverse();
    }
    record.mate = mate(flags);
    if hard_clipped { Step::HardClipped(record, len) } else { Step::Record(record, len) }
}

/// BAM's sixteen letters, by code.
const LETTERS: [u8; 16] = *b"=ACMGRSVTWYHKDBN";

/// Two letters for each byte of packed bases.
const PAIRS: [[u8; 2]; 256] = {
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        pairs[byte] = [LETTERS[byte >> 4], LETTERS[byte & 15]];
        byte += 1;
    }
    pairs
};

/// Fills `bases` with the letters that two a byte hold.
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
        assert!(parsed(b"a b\0").is_ok());
        for name in [b"a\nb\0", b"a\tb\0"] {
            assert!(matches!(parsed(name).unwrap_err().problem, Problem::Alignment { .. }));
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
