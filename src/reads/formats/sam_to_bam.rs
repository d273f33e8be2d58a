//! Turns SAM lines into BAM records, field by field, as htslib stores them.
//!
//! noodles' reader and writer are not used: they refuse what samtools accepts (a reference that the header does not
//! name, an empty array, UTF-8 in a tag), and do not say which field is wrong.

use std::collections::HashMap;

use super::bam_cigar::{self, Op};
use super::header::Header;
use super::letter_lines::check_letters;
use super::sam_tags;
use super::unaligned::{LONGEST_NAME, UNKNOWN_QUALITY_SCORE};
use crate::reads::Problem;

/// The flag of an unmapped record.
const UNMAPPED: u16 = 4;

/// The mapping quality that means "unknown", which is also the largest.
const UNKNOWN_MAPPING_QUALITY: u8 = 255;

/// Encodes SAM lines; knows the numbers of the reference sequences.
pub(in crate::reads) struct Encoder {
    references: HashMap<Vec<u8>, i32>,
}

impl Encoder {
    /// # Errors
    /// [`Problem::Alignment`] if two reference sequences have the same name: their numbers would be ambiguous.
    pub(in crate::reads) fn new(header: &Header) -> Result<Self, Problem> {
        let names = header.references().iter().map(|reference| reference.name.clone());
        let references: HashMap<Vec<u8>, i32> = names.zip(0..).collect();
        if references.len() < header.references().len() {
            return Err(invalid("a reference sequence is named twice in the header"));
        }
        Ok(Self { references })
    }

    /// The BAM fields of a line, without the block size before them.
    pub(in crate::reads) fn encode(&self, line: &[u8]) -> Result<Vec<u8>, Problem> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        encode(line, |name| self.references.get(name).copied())
    }
}

/// The BAM fields of a line without reference numbers, for callers that need only the read.
pub(super) fn read(line: &[u8]) -> Result<Vec<u8>, Problem> {
    encode(line, |_name| None)
}

pub(super) fn invalid(what: &'static str) -> Problem {
    Problem::Alignment { format: "SAM", what }
}

fn encode(line: &[u8], reference: impl Fn(&[u8]) -> Option<i32>) -> Result<Vec<u8>, Problem> {
    let columns: Vec<&[u8]> = line.splitn(12, |&byte| byte == b'\t').collect();
    let [name, flags, place, start, quality, cigar, mate_place, mate_start, length, bases, scores, ref tags @ ..] =
        columns[..]
    else {
        return Err(invalid("it has fewer than eleven columns"));
    };
    check_name(name)?;
    check_reference(place, "its RNAME holds a control character")?;
    check_reference(mate_place, "its RNEXT holds a control character")?;
    let mut flags = self::flags(flags)?;
    let (start, mate_start) = (position(start, START)?, position(mate_start, MATE_START)?);
    // As in htslib, a record without a position or on an unknown sequence is unmapped.
    let place = reference(place).filter(|_| start >= 0).unwrap_or(-1);
    let mate_place = if mate_place == b"=" { Some(place) } else { reference(mate_place) };
    let mate_place = mate_place.filter(|_| mate_start >= 0).unwrap_or(-1);
    let ops = bam_cigar::parse(cigar).ok_or_else(|| invalid("its CIGAR is not one"))?;
    if place < 0 || ops.is_empty() {
        flags |= UNMAPPED;
    }
    let bases = if bases == b"*" { b"" } else { bases };
    check_letters("sequence", bases)?;
    if !ops.is_empty() && !bases.is_empty() && bam_cigar::bases(&ops) != bases.len() as u64 {
        return Err(invalid("its CIGAR and its SEQ are of different lengths"));
    }
    let span = if flags & UNMAPPED == 0 { bam_cigar::span(&ops) } else { 0 };
    let stored_ops = bam_cigar::stored(&ops, bases.len());

    let mut fields = Vec::with_capacity(line.len() + 32);
    fields.extend_from_slice(&place.to_le_bytes());
    fields.extend_from_slice(&start.to_le_bytes());
    fields.push(u8::try_from(name.len() + 1).expect("checked above"));
    fields.push(mapping_quality(quality)?);
    fields.extend_from_slice(&bam_cigar::bin(start, span).to_le_bytes());
    fields.extend_from_slice(&u16::try_from(stored_ops.len()).expect("few enough to be stored").to_le_bytes());
    fields.extend_from_slice(&flags.to_le_bytes());
    fields.extend_from_slice(&u32::try_from(bases.len()).map_err(|_| invalid("its SEQ is too long"))?.to_le_bytes());
    fields.extend_from_slice(&mate_place.to_le_bytes());
    fields.extend_from_slice(&mate_start.to_le_bytes());
    fields.extend_from_slice(&template_length(length)?.to_le_bytes());
    fields.extend_from_slice(name);
    fields.push(0);
    fields.extend(stored_ops.iter().flat_map(|op| op.to_le_bytes()));
    let code = |base: Option<&u8>| base.map_or(0, |&base| CODES[usize::from(base)]);
    fields.extend(bases.chunks(2).map(|two| (code(two.first()) << 4) | code(two.get(1))));
    push_scores(bases, scores, &mut fields)?;
    if let [tags] = tags {
        sam_tags::encode(tags, &mut fields)?;
    }
    if stored_ops.len() < ops.len() {
        push_long_cigar(&ops, &mut fields);
    }
    Ok(fields)
}

/// Refuses names with blanks, which SAM forbids: written as FASTQ or SAM, the read would have another name.
fn check_name(name: &[u8]) -> Result<(), Problem> {
    if name.iter().any(|byte| byte.is_ascii_control() || *byte == b' ') {
        return Err(invalid("its QNAME holds a blank or a control character"));
    }
    if name.len() > LONGEST_NAME {
        return Err(Problem::NameLength { length: name.len(), longest: LONGEST_NAME });
    }
    Ok(())
}

/// Refuses control characters in a reference name. The header need not have the name, but no C program reads a line
/// with a NUL.
fn check_reference(name: &[u8], what: &'static str) -> Result<(), Problem> {
    if name.iter().any(u8::is_ascii_control) { Err(invalid(what)) } else { Ok(()) }
}

/// Parses FLAG, a number as in C: decimal, hexadecimal (`0x`) or octal (`0`).
pub(super) fn flags(column: &[u8]) -> Result<u16, Problem> {
    let number = |digits: &str, radix| u16::from_str_radix(digits, radix).ok();
    let flags = std::str::from_utf8(column).ok().and_then(|column| match column.strip_prefix('0') {
        None | Some("") => number(column, 10),
        Some(rest) => match rest.strip_prefix(['x', 'X']) {
            Some(digits) => number(digits, 16),
            None => number(rest, 8),
        },
    });
    flags.ok_or_else(|| invalid("its FLAG is not a number from 0 to 65535"))
}

const START: &str = "its POS is not a number that BAM can hold";
const MATE_START: &str = "its PNEXT is not a number that BAM can hold";

/// Parses a position; the result counts from 0, with -1 for none.
fn position(column: &[u8], what: &'static str) -> Result<i32, Problem> {
    let position = number::<u32>(column).and_then(|position| i32::try_from(i64::from(position) - 1).ok());
    position.ok_or_else(|| invalid(what))
}

/// Parses MAPQ; values above 255 become 255 (unknown), as in htslib.
fn mapping_quality(column: &[u8]) -> Result<u8, Problem> {
    let digits = !column.is_empty() && column.iter().all(u8::is_ascii_digit);
    digits.then(|| number(column).unwrap_or(UNKNOWN_MAPPING_QUALITY)).ok_or_else(|| invalid("its MAPQ is not a number"))
}

fn template_length(column: &[u8]) -> Result<i32, Problem> {
    number(column).ok_or_else(|| invalid("its TLEN is not a number that BAM can hold"))
}

fn number<T: std::str::FromStr>(column: &[u8]) -> Option<T> {
    std::str::from_utf8(column).ok()?.parse().ok()
}

/// Appends QUAL. A `*` means missing quality scores even for a single base, as in samtools.
fn push_scores(bases: &[u8], scores: &[u8], into: &mut Vec<u8>) -> Result<(), Problem> {
    if scores == b"*" {
        into.resize(into.len() + bases.len(), UNKNOWN_QUALITY_SCORE);
        return Ok(());
    }
    if scores.len() != bases.len() {
        return Err(Problem::Lengths { bases: bases.len(), quality_scores: scores.len() });
    }
    check_letters("quality", scores)?;
    into.extend(scores.iter().map(|letter| letter - b'!'));
    Ok(())
}

/// Appends the tag that holds the operations of a CIGAR with too many for its field (SAM specification, 4.2.2).
fn push_long_cigar(ops: &[Op], into: &mut Vec<u8>) {
    into.extend_from_slice(b"CGBI");
    into.extend_from_slice(&u32::try_from(ops.len()).expect("a line has fewer").to_le_bytes());
    into.extend(ops.iter().flat_map(|op| op.to_le_bytes()));
}

/// BAM's four-bit code for each letter, as in htslib: letters that are not IUPAC, and U, become N.
const CODES: [u8; 256] = {
    let mut codes = super::unaligned::CODES;
    codes[b'U' as usize] = 15;
    codes[b'u' as usize] = 15;
    codes
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encoded(line: &str) -> Result<Vec<u8>, String> {
        let header = Header::from_text(b"@SQ\tSN:b\tLN:9\n@SQ\tSN:c\tLN:9\n".to_vec());
        Encoder::new(&header).unwrap().encode(line.as_bytes()).map_err(|problem| problem.to_string())
    }

    /// A SAM line with one column replaced.
    fn line(column: usize, value: &str) -> String {
        let mut columns = vec!["r", "0", "c", "5", "60", "4M", "*", "0", "0", "ACGT", "IIII", "NM:i:7"];
        columns[column] = value;
        columns.join("\t") + "\n"
    }

    fn field<const N: usize>(line: &str, at: usize) -> [u8; N] {
        encoded(line).unwrap()[at..at + N].try_into().unwrap()
    }

    #[test]
    fn a_line_becomes_the_fields_of_its_record() {
        let mut expected = Vec::new();
        expected.extend([1, 4].map(i32::to_le_bytes).concat());
        expected.extend([2, 60]);
        expected.extend([4681_u16, 1, 0].map(u16::to_le_bytes).concat());
        expected.extend([4, -1, -1, 0].map(i32::to_le_bytes).concat());
        expected.extend(b"r\0\x40\0\0\0\x12\x48\x28\x28\x28\x28NMC\x07");
        assert_eq!(encoded(&line(0, "r")), Ok(expected));
    }

    #[test]
    fn what_is_nowhere_is_unmapped_as_htslib_has_it() {
        for (column, value) in [(2, "d"), (2, "*"), (3, "0")] {
            assert_eq!(field(&line(column, value), 0), (-1_i32).to_le_bytes(), "{value}");
            assert_eq!(field(&line(column, value), 14), UNMAPPED.to_le_bytes(), "{value}");
        }
        assert_eq!(field(&line(5, "*"), 14), UNMAPPED.to_le_bytes());
        assert_eq!(field(&line(5, "*"), 0), 1_i32.to_le_bytes());
        let mate = line(7, "3").replace("\t*\t3", "\t=\t3");
        assert_eq!((field(&mate, 20), field(&mate, 24)), (1_i32.to_le_bytes(), 2_i32.to_le_bytes()));
    }

    #[test]
    fn flags_are_numbers_as_c_has_them_and_a_large_mapping_quality_is_unknown() {
        for (flags, number) in [("0", 0), ("16", 16), ("0x10", 16), ("0X1f", 31), ("020", 16), ("65535", 65535)] {
            assert_eq!(field(&line(1, flags), 14), u16::to_le_bytes(number), "{flags}");
        }
        assert_eq!(
            [field(&line(4, "254"), 9), field(&line(4, "300"), 9), field(&line(4, "99999"), 9)],
            [[254], [255], [255]]
        );
    }

    #[test]
    fn what_is_refused_is_named() {
        for (column, value, named) in [
            (0, "  r x", "QNAME"),
            (1, "x", "FLAG"),
            (1, "65536", "FLAG"),
            (1, "0x", "FLAG"),
            (1, "-1", "FLAG"),
            (3, "-1", "POS"),
            (3, "3000000000", "POS"),
            (4, "-1", "MAPQ"),
            (4, "", "MAPQ"),
            (5, "4", "CIGAR"),
            (5, "4Q", "CIGAR"),
            (5, "5M", "CIGAR and its SEQ"),
            (7, "x", "PNEXT"),
            (8, "99999999999", "TLEN"),
            (9, "AC\0T", "sequence"),
            (9, "AC\u{e9}", "sequence"),
            (10, "III", "3 quality scores"),
            (10, "II I", "quality"),
            (11, "NM:i:x", "NM"),
        ] {
            let message = encoded(&line(column, value)).unwrap_err();
            assert!(message.contains(named), "{value}: {message}");
        }
        assert!(encoded("r\t4\t*\n").unwrap_err().contains("eleven"));
        assert!(encoded(&line(0, &"n".repeat(255))).is_err() && encoded(&line(0, &"n".repeat(254))).is_ok());
        assert!(Encoder::new(&Header::from_text(b"@SQ\tSN:c\tLN:9\n@SQ\tSN:c\tLN:9\n".to_vec())).is_err());
    }

    #[test]
    fn a_cigar_of_too_many_operations_moves_into_a_tag() {
        let ops = "1M1I".repeat(40_000);
        let letters = "A".repeat(80_000);
        let fields = encoded(&format!("r\t0\tc\t5\t60\t{ops}\t*\t0\t0\t{letters}\t*\n")).unwrap();
        assert_eq!(fields[12..14], [2, 0]);
        assert_eq!(fields[34..42], [80_000_u32 << 4 | 4, 40_000 << 4 | 3].map(u32::to_le_bytes).concat());
        let tag = [&b"CGBI"[..], &80_000_u32.to_le_bytes(), &[0x10, 0, 0, 0, 0x11, 0, 0, 0]].concat();
        let at = 42 + 40_000 + 80_000;
        assert!(fields[at..].starts_with(&tag));
        assert_eq!(fields.len(), at + 8 + 4 * 80_000);
    }

    proptest! {
        #[test]
        fn no_line_makes_the_encoder_panic(column in 0_usize..12, value in "\\PC{0,9}|[0-9:,A-Zx*=-]{0,12}") {
            let _ = encoded(&line(column, &value));
        }
    }
}
