//! Reads FASTQ: four lines a record, and whatever else tools based on kseq accept: blank lines between records,
//! sequences and quality scores on several lines.
//!
//! noodles' reader is not used. It accepts sequence and quality scores of different lengths and a file cut after a `+`
//! line, refuses blank lines, and forgets whether a blank or a tab follows the name; but header lines must pass byte
//! for byte.

use super::letter_lines::{Lines, check, unfinished};
use super::parse::{Fault, Step};
use super::wrapped_fastq;
use crate::reads::Record;
use crate::reads::problem::{Problem, shown};

/// Parses the record at the start of the window.
pub(in crate::reads) fn parse(window: &[u8], ended: bool) -> Result<Step, Fault> {
    if window.first() != Some(&b'@') {
        return no_record(window, ended, '@');
    }
    let mut lines = Lines { window, at: 1 };
    let Some(header) = lines.next() else { return unfinished(None, ended) };
    let (Some(bases), Some(plus)) = (lines.next(), lines.next()) else { return unfinished(Some(header), ended) };
    if plus.first() != Some(&b'+') {
        return wrapped_fastq::parse(window, ended);
    }
    let quality_scores = match lines.next() {
        Some(line) if line.len() < bases.len() => return wrapped_fastq::parse(window, ended),
        Some(line) => line,
        // The file may end without a line end, but not before the last quality score.
        None if ended && lines.rest().len() >= bases.len() => lines.take_rest(),
        None => return unfinished(Some(header), ended),
    };
    check(bases, quality_scores).map_err(|problem| Fault::of(header, problem))?;
    let text = &window[1..lines.at];
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let record = Record::from_fastq(text, header.len(), bases.len())
        .unwrap_or_else(|| Record::new(header, bases, quality_scores));
    Ok(Step::Record(record, lines.at))
}

/// Handles a window that starts with no record: the end of the file, blank lines before the next record, or an error.
pub(in crate::reads) fn no_record(window: &[u8], ended: bool, expected: char) -> Result<Step, Fault> {
    let blank = window.iter().take_while(|&&byte| is_line_end(byte)).count();
    match (blank, ended) {
        (0, false) if window.is_empty() => Ok(Step::More),
        (0, true) if window.is_empty() => Ok(Step::End),
        (0, _) => Err(Problem::Start { expected, found: shown(window) }.into()),
        (blank, _) => Ok(Step::Blank(blank)),
    }
}

/// Whether a byte is part of a line end.
pub(in crate::reads) fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parses all records of a file.
    fn read(file: &[u8]) -> Result<Vec<Record>, Fault> {
        let mut rest = file;
        let mut records = Vec::new();
        loop {
            match parse(rest, true)? {
                Step::Record(record, len) => {
                    records.push(record);
                    rest = &rest[len..];
                }
                Step::Blank(len) => rest = &rest[len..],
                Step::End => return Ok(records),
                step => panic!("{step:?} of a whole file"),
            }
        }
    }

    fn problem(file: &[u8]) -> String {
        let Fault { name, problem } = read(file).unwrap_err();
        format!("{}: {problem}", name.unwrap_or_default())
    }

    const TWO: &[u8] = b"@a/1\tx  y\nACGT\n+\nIIII\n@b\nNN\n+b\n#@\n";

    #[test]
    fn headers_pass_byte_for_byte() {
        let records = read(TWO).unwrap();
        assert_eq!(records[0].header(), b"a/1\tx  y");
        assert_eq!(records[0].name(), b"a");
        assert_eq!(records[1].quality_scores(), b"#@");
    }

    #[test]
    fn blank_last_lines_a_missing_last_newline_and_crlf_are_fine() {
        let two = read(TWO).unwrap();
        assert_eq!(read(&[TWO, b"\n\r\n\n"].concat()).unwrap(), two);
        assert_eq!(read(&TWO[..TWO.len() - 1]).unwrap(), two);
        let crlf = String::from_utf8(TWO.to_vec()).unwrap().replace('\n', "\r\n").into_bytes();
        assert_eq!(read(&crlf).unwrap(), two);
        assert_eq!(read(&crlf[..crlf.len() - 1]).unwrap(), two);
        assert_eq!(read(b"").unwrap(), []);
        assert_eq!(read(b"\n").unwrap(), []);
    }

    #[test]
    fn blank_lines_between_records_are_skipped() {
        let two = read(TWO).unwrap();
        let second = TWO.len() - b"@b\nNN\n+b\n#@\n".len();
        for blank in ["\n", "\r\n", "\n\n\r\n"] {
            let spaced =
                [blank.as_bytes(), &TWO[..second], blank.as_bytes(), &TWO[second..], blank.as_bytes()].concat();
            assert_eq!(read(&spaced).unwrap(), two, "{blank:?}");
        }
        assert_eq!(parse(b"\n\r\n", false).unwrap(), Step::Blank(3), "they need not wait for what follows");
    }

    #[test]
    fn a_record_without_bases_is_read_as_such() {
        for file in [b"@a\n\n+\n\n".as_slice(), b"@a\n\n+\n"] {
            assert_eq!(read(file).unwrap()[0].bases(), b"");
        }
    }

    #[test]
    fn a_cut_is_noticed_wherever_it_falls() {
        let last_record = TWO.len() - b"@b\nNN\n+b\n#@\n".len();
        for cut in last_record + 1..TWO.len() - 1 {
            assert!(problem(&TWO[..cut]).ends_with(": the file is cut short"), "cut at {cut}");
        }
        assert_eq!(problem(b"@a\nACGT\n+\n"), "a: the file is cut short");
    }

    #[test]
    fn malformed_records_are_named() {
        assert_eq!(problem(b"@a\nACGT\n+\nIII\n"), "a: 4 bases, but 3 quality scores");
        assert_eq!(problem(b"@a\nACGT\n+\nIIIII"), "a: 4 bases, but 5 quality scores");
        assert!(problem(b"@a\nACGT\n@b\nACGT\n").contains("found \"@b\""));
        assert!(problem(b"@a\nA GT\n+\nIIII\n").contains("the sequence line contains \" \""));
        assert!(problem(b"@a\nAGT\n+\nI\0I\n").contains("the quality line contains \"\\x00\""));
        assert!(problem(b"garbage\n").contains("expected \"@\" at the start of the record, found \"garbage\""));
    }

    #[test]
    fn a_part_of_a_record_asks_for_more() {
        let first = b"@a/1\tx  y\nACGT\n+\nIIII\n".len();
        for end in 0..first {
            assert_eq!(parse(&TWO[..end], false).unwrap(), Step::More, "of {end} bytes");
        }
        assert!(matches!(parse(&TWO[..first], false).unwrap(), Step::Record(_, len) if len == first));
    }
}
