//! Reads FASTA: a `>` line, then the sequence on any number of lines.
//!
//! noodles' reader is not used: it splits the header at the blank after the name, but header lines must pass byte for
//! byte.

use super::fastq::{is_line_end, no_record};
use super::letter_lines::check_letters;
use super::parse::{Fault, Step};
use crate::reads::problem::shown;
use crate::reads::{Problem, Record};

/// Parses the record at the start of the window.
pub(in crate::reads) fn parse(window: &[u8], ended: bool) -> Result<Step, Fault> {
    if window.first() != Some(&b'>') {
        return no_record(window, ended, '>');
    }
    let len = match next_header(window) {
        Some(len) => len,
        None if ended => window.len(),
        None => return Ok(more(window)),
    };
    let mut lines = window[1..len].split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let header = lines.next().expect("split yields at least one part");
    if header.contains(&b'\r') {
        // Lines that end as on the first Macs: the sequence would be taken for a part of the header.
        return Err(Fault::of(header, Problem::Letter { line: "header", found: shown(b"\r") }));
    }
    let mut bases = Vec::with_capacity(len);
    lines.for_each(|line| bases.extend_from_slice(line));
    check_letters("sequence", &bases).map_err(|problem| Fault::of(header, problem))?;
    if let Some(at) = memchr::memchr3(b'>', b'@', b'+', &bases) {
        // A record that began in the middle of a line, or one of FASTQ.
        return Err(Fault::of(header, Problem::Letter { line: "sequence", found: shown(&bases[at..=at]) }));
    }
    Ok(Step::Record(Record::new(header, &bases, b""), len))
}

/// Whether a file that starts like this holds proteins: more than a few letters, and at least a tenth of all, belong to
/// no nucleotide code. (IUPAC's are ACGTU, RYSWKM, BDHV and N; X masks bases. In a protein, every third letter is
/// another.)
pub(in crate::reads) fn holds_proteins(start: &[u8]) -> bool {
    const FEW: usize = 5;
    let lines = start.split(|&byte| byte == b'\n').filter(|line| !line.starts_with(b">"));
    let (mut letters, mut foreign) = (0, 0);
    for letter in lines.flatten().filter(|letter| letter.is_ascii_alphabetic()) {
        letters += 1;
        foreign += usize::from(matches!(
            letter.to_ascii_uppercase(),
            b'E' | b'F' | b'I' | b'J' | b'L' | b'O' | b'P' | b'Q' | b'Z'
        ));
    }
    foreign > FEW && foreign * 10 >= letters
}

/// Asks for more bytes. A sequence may go on after blank lines, so many of them are shortened to one.
fn more(window: &[u8]) -> Step {
    const KEPT: usize = 2; // a line end, and what may be half of one
    let blank = window.iter().rev().take_while(|&&byte| is_line_end(byte)).count();
    if blank > FEW_BLANK_LINES { Step::BlankAtEnd(blank - KEPT) } else { Step::More }
}

/// Blank lines of up to this many bytes are not worth shortening.
const FEW_BLANK_LINES: usize = 4096;

/// Where the next record starts.
fn next_header(window: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'>', window).skip(1).find(|&at| window[at - 1] == b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_sequence_are_joined() {
        let file = b">a/2 x > y\r\nACGT\r\nac\n\n>b\nN";
        let Step::Record(a, len) = parse(file, false).unwrap() else { panic!() };
        assert_eq!((a.name(), a.header(), a.bases()), (&b"a"[..], &b"a/2 x > y"[..], &b"ACGTac"[..]));
        assert!(a.quality_scores().is_empty());
        assert_eq!(parse(&file[len..], false).unwrap(), Step::More);
        let Step::Record(b, _) = parse(&file[len..], true).unwrap() else { panic!() };
        assert_eq!(b.bases(), b"N");
    }

    #[test]
    fn any_number_of_blank_lines_takes_no_room() {
        let blank = [&b">a\nAC"[..], &b"\r\n".repeat(FEW_BLANK_LINES)].concat();
        assert_eq!(parse(&blank, false).unwrap(), Step::BlankAtEnd(2 * FEW_BLANK_LINES - 2));
        let Step::Record(a, len) = parse(&[&blank, &b"GT\n"[..]].concat(), true).unwrap() else { panic!() };
        assert_eq!((a.bases(), len), (&b"ACGT"[..], blank.len() + 3));
    }

    #[test]
    fn proteins_are_told_by_letters_that_no_nucleotide_code_has() {
        let protein = b">sp|P0A7G6|RECA_ECOLI\nMAIDENKQKALAAALGQIEKQFGKGSIMRLGEDRSMDVETISTGSLSLDIALGAGGLPMGRIVEIYGPES";
        assert!(holds_proteins(protein) && holds_proteins(&protein.to_ascii_lowercase()));
        let every_code = b">PROTEIN FILE\nACGTUNRYSWKMBDHVXacgtunryswkmbdhvx.-*\n";
        assert!(!holds_proteins(&every_code.repeat(50)));
        let slips = [&b">r\n"[..], &b"ACGT".repeat(40), b"EFILPQ"].concat();
        assert!(!holds_proteins(&slips) && !holds_proteins(b">r\nEFIL\n") && !holds_proteins(b""));
    }

    #[test]
    fn an_empty_sequence_and_an_empty_file_are_fine() {
        let Step::Record(a, len) = parse(b">a\n>b\nN\n", true).unwrap() else { panic!() };
        assert_eq!((a.bases(), len), (&b""[..], 3));
        assert_eq!(parse(b"\n", true).unwrap(), Step::Blank(1));
        assert_eq!(parse(b"", true).unwrap(), Step::End);
        assert!(parse(b">a\nA\0C\n", true).is_err());
        assert!(parse(b">a\rACGT\r>b\rAC\r", true).is_err());
        assert!(parse(b">a\nAC>b\nGT\n", true).is_err() && parse(b">a\nAC\n@b\nGT\n+\n", true).is_err());
        assert!(parse(b"ACGT\n", true).is_err());
    }
}
