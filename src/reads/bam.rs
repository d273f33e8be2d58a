//! BAM records as reads, exactly as `samtools fastq` makes them; SAM comes through the second half of it.

use noodles::bam;
use noodles::sam::alignment::record::Flags;
use noodles::sam::alignment::record::cigar::op::Kind;
use tokio::io::AsyncReadExt;

use super::buffer::Buffer;
use super::compression::Bytes;
use super::header::{Header, Reference};
use super::records::{Fault, Framed, Step};
use super::{Mate, Problem, Record};

/// The Phred+33 letter of a base whose quality is not known, as samtools writes it.
pub(super) const UNKNOWN_QUALITY: u8 = b'B';

/// How a file says its records are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// By position on the reference: mates are apart.
    Coordinate,
    /// By name, by nothing, or not said.
    Other,
}

/// Reads up to the first record.
pub(super) async fn read_header(content: &mut Buffer<Bytes>) -> Result<Header, Problem> {
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
        Reference { name: name.to_vec(), length }
    });
    Ok(Header::new(text, references.collect()))
}

/// The order a SAM header's first line tells.
pub(super) fn order(header: &[u8]) -> Order {
    let first = header.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let first = first.strip_suffix(b"\r").unwrap_or(first);
    let mut tags = first.split(|&byte| byte == b'\t');
    if tags.next() == Some(b"@HD") && tags.any(|tag| tag == b"SO:coordinate") {
        Order::Coordinate
    } else {
        Order::Other
    }
}

/// The record the window starts with.
///
/// noodles' `read_record` copies each record and takes a block size of zero, or of gigabytes, at its word; here noodles
/// reads the fields where they lie.
pub(super) fn parse(window: &[u8], ended: bool) -> Result<Step, Fault> {
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
pub(super) fn frame(window: &[u8], ended: bool) -> Result<Framed, Fault> {
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

/// How many bytes the fields of fixed length take.
const FIXED: usize = 32;

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

/// The bytes that name, CIGAR, bases and quality scores say they take, the fixed fields included.
pub(super) fn needed(fields: &[u8]) -> Option<usize> {
    let name = usize::from(fields[8]);
    let cigar = 4 * usize::from(u16::from_le_bytes([fields[12], fields[13]]));
    let bases = u32::from_le_bytes([fields[16], fields[17], fields[18], fields[19]]);
    let bases = usize::try_from(bases).ok()?;
    bases.checked_add(bases.div_ceil(2))?.checked_add(FIXED + name + cigar)
}

/// The flags of a record whose lengths were checked.
pub(super) fn flags(fields: &[u8]) -> Flags {
    Flags::from(u16::from_le_bytes([fields[14], fields[15]]))
}

/// The name of a record whose lengths were checked, without `/1` or `/2`.
pub(super) fn name(fields: &[u8]) -> &[u8] {
    let name = stored_name(fields);
    &name[..super::name_len(name)]
}

fn stored_name(fields: &[u8]) -> &[u8] {
    let stored = &fields[FIXED..][..usize::from(fields[8])];
    stored.strip_suffix(b"\0").unwrap_or(stored)
}

/// Which mate a record's flags make it.
pub(super) fn mate(flags: Flags) -> Mate {
    match (flags.is_first_segment(), flags.is_last_segment()) {
        (true, false) => Mate::First,
        (false, true) => Mate::Second,
        _ => Mate::Unpaired,
    }
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
pub(super) fn left_out(flags: Flags, len: usize) -> Option<Step> {
    if flags.is_secondary() {
        Some(Step::Secondary(len))
    } else if flags.is_supplementary() {
        Some(Step::Supplementary(len))
    } else {
        None
    }
}

/// Turns an aligned record back to the read the sequencer saw. Soft clips are part of it; hard clips are lost.
pub(super) fn as_sequenced(flags: Flags, mut record: Record, hard_clipped: bool, len: usize) -> Step {
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

/// The complement of each upper-case IUPAC letter; anything else stays.
const COMPLEMENTS: [u8; 256] = {
    const FROM: &[u8] = b"ACGTRYKMBVDH";
    const TO: &[u8] = b"TGCAYRMKVBHD";
    let mut complements = [0; 256];
    let mut byte = 0_u8;
    loop {
        complements[byte as usize] = byte;
        if byte == u8::MAX {
            break;
        }
        byte += 1;
    }
    let mut i = 0;
    while i < FROM.len() {
        complements[FROM[i] as usize] = TO[i];
        i += 1;
    }
    complements
};

/// Turns upper-case IUPAC letters into those of the other strand, in place.
pub fn reverse_complement(bases: &mut [u8]) {
    bases.reverse();
    for base in bases {
        *base = COMPLEMENTS[usize::from(*base)];
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn twice_reverse_complemented_is_the_same(bases in "[=ACMGRSVTWYHKDBN]{0,99}") {
            let mut twice = bases.clone().into_bytes();
            reverse_complement(&mut twice);
            reverse_complement(&mut twice);
            prop_assert_eq!(twice, bases.into_bytes());
        }

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
    fn iupac_letters_have_their_complements() {
        let mut bases = b"ACGTRYKMBDHVNSW=".to_vec();
        reverse_complement(&mut bases);
        assert_eq!(bases, b"=WSNBDHVKMRYACGT");
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
    fn the_order_is_found_in_the_header() {
        assert_eq!(order(b"@HD\tVN:1.6\tSO:coordinate\n@CO\tx\n"), Order::Coordinate);
        assert_eq!(order(b"@HD\tVN:1.6\tSO:queryname\n"), Order::Other);
        assert_eq!(order(b"@CO\tSO:coordinate\n"), Order::Other);
        assert_eq!(order(b""), Order::Other);
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
