//! Reads SAM lines: each is turned into a BAM record first.

use noodles::sam::alignment::record::Flags;

use super::bam_fields::grouped_by;
use super::fastq::no_record;
use super::header::Header;
use super::parse::{Fault, Framed, Step};
use super::sam_to_bam::invalid;
use super::{bam, sam_to_bam};
use crate::reads::Problem;
use crate::reads::bytes::window::{Bytes, Window};

/// Whether a file starts like SAM: with a header line, or with the first columns of a record.
pub(in crate::reads) fn is_sam(start: &[u8]) -> bool {
    let line = start.split(|&byte| byte == b'\n').next().unwrap_or_default();
    match line {
        [b'@', b'H' | b'S' | b'R' | b'P', b'D' | b'Q' | b'G', b'\t', a, b, b':', ..] => {
            a.is_ascii_alphabetic() && b.is_ascii_alphanumeric()
        }
        [b'@', b'C', b'O', b'\t', ..] => true,
        [b'@' | b'>', ..] => false,
        _ => {
            let columns: Vec<&[u8]> = line.split(|&byte| byte == b'\t').take(6).collect();
            let is_number = |column: &[u8]| !column.is_empty() && column.iter().all(u8::is_ascii_digit);
            matches!(columns[..], [_, flags, _, start, quality, _]
                if sam_to_bam::flags(flags).is_ok() && is_number(start) && is_number(quality))
        }
    }
}

/// Reads up to the first record.
pub(in crate::reads) async fn read_header(content: &mut Window<Bytes>) -> Result<Header, Problem> {
    let mut text = Vec::new();
    while content.peek(1).await? == b"@" {
        let len = loop {
            match memchr::memchr(b'\n', content.window()) {
                Some(end) => break end + 1,
                // A file cut elsewhere cannot be told from a whole one: what is left may lack records too.
                None if content.ended() => return Err(Problem::Cut),
                None => content.fill().await?,
            }
        };
        let line = &content.window()[..len];
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        text.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        text.push(b'\n');
        content.skip(len);
    }
    Ok(Header::from_text(text))
}

/// Parses the record at the start of the window.
pub(in crate::reads) fn parse(window: &[u8], ended: bool) -> Result<Step, Fault> {
    let end = memchr::memchr(b'\n', window);
    let line = match end {
        Some(end) => &window[..end],
        None if !ended => return Ok(Step::More),
        None => window,
    };
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() {
        return no_line(window, ended);
    }
    let name = line.split(|&byte| byte == b'\t').next().unwrap_or_default();
    // A last line without a line end is where the file was cut: a cut within a tag would not show otherwise.
    let Some(end) = end else { return Err(Fault::of(name, Problem::Cut)) };
    let fields = sam_to_bam::read(line).map_err(|problem| Fault::of(name, problem))?;
    Ok(bam::read(&fields, end + 1))
}

/// Handles an empty line. Any number is skipped after the last record, but none may come before a record, as in
/// samtools.
fn no_line(window: &[u8], ended: bool) -> Result<Step, Fault> {
    match no_record(window, ended, '@')? {
        Step::Blank(len) if len < window.len() => Err(invalid("it is an empty line").into()),
        // One empty line is kept, since a record may follow.
        Step::Blank(1) if !ended => Ok(Step::More),
        Step::Blank(len) if !ended => Ok(Step::Blank(len - 1)),
        step => Ok(step),
    }
}

/// Finds the length and the group name of the line at the start of the window; [`parse`] checks the rest.
pub(in crate::reads) fn frame(window: &[u8], ended: bool) -> Result<Framed, Fault> {
    let end = memchr::memchr(b'\n', window);
    let line = match end {
        Some(end) => &window[..end],
        None if !ended => return Ok(Framed::More),
        None => window,
    };
    if line.strip_suffix(b"\r").unwrap_or(line).is_empty() {
        return Ok(match no_line(window, ended)? {
            Step::Blank(len) => Framed::Blank(len),
            Step::More => Framed::More,
            _ => Framed::End,
        });
    }
    let mut columns = line.split(|&byte| byte == b'\t');
    let name = columns.next().unwrap_or_default();
    let flags = sam_to_bam::flags(columns.next().unwrap_or_default()).map_err(|problem| Fault::of(name, problem))?;
    let len = end.ok_or_else(|| Fault::of(name, Problem::Cut))? + 1;
    let flags = Flags::from(flags);
    Ok(Framed::Record { len, name: 0..grouped_by(name, flags).len(), flags })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reads::{Mate, Record};

    fn record(line: &str) -> Record {
        match parse(line.as_bytes(), true).unwrap() {
            Step::Record(record, _) | Step::HardClipped(record, _) => record,
            step => panic!("{step:?}"),
        }
    }

    #[test]
    fn a_reverse_strand_line_is_turned_back() {
        let read = record("r\t83\tc\t1\t60\t4M\t=\t1\t0\tAACG\tABCD\tNM:i:0\t\n");
        assert_eq!(read.bases(), b"CGTT");
        assert_eq!(read.quality_scores(), b"DCBA");
        assert_eq!(read.mate, Mate::First);
    }

    #[test]
    fn letters_become_what_samtools_makes_of_them() {
        let read = record("odd\t0\tc\t1\t60\t*\t*\t0\t0\tacgtuURYKMBDHVNX.=-*\t*\n");
        assert_eq!(read.bases(), b"ACGTNNRYKMBDHVNNN=NN");
        assert_eq!(read.quality_scores(), [b'B'; 20]);
    }

    #[test]
    fn a_star_is_a_missing_quality_even_of_a_single_base() {
        assert_eq!(record("r\t4\t*\t0\t0\t*\t*\t0\t0\tA\t*\n").quality_scores(), b"B");
    }

    #[test]
    fn sam_is_told_from_fastq() {
        assert!(is_sam(b"@HD\tVN:1.6\n"));
        assert!(is_sam(b"@CO\tanything\n"));
        assert!(is_sam(b"r\t0x4\t*\t0\t0\t*\n"));
        assert!(is_sam(b"r\t4\t*\t0\t0\t*\t*\t0\t0\tA\tI\tXX:i:1\n"));
        assert!(!is_sam(b"@HD1\tx\nACGT\n"));
        assert!(!is_sam(b"@PG\tmy read\nACGT\n"));
    }

    #[test]
    fn malformed_lines_are_refused() {
        for line in ["r\t4\t*\n", "r\tx\t*\t0\t0\t*\t*\t0\t0\tA\tI\n", "r\t4\t*\t0\t0\t*\t*\t0\t0\tAC\tI\n"] {
            assert!(parse(line.as_bytes(), true).is_err(), "{line}");
        }
    }

    #[test]
    fn an_empty_line_comes_after_the_last_record_only() {
        let line = "r\t4\t*\t0\t0\t*\t*\t0\t0\tA\tI\n";
        for blank in ["\n", "\r\n", "\n\n\r\n"] {
            let between = blank.to_owned() + line;
            assert!(parse(between.as_bytes(), false).is_err() && frame(between.as_bytes(), true).is_err());
            assert!(matches!(parse(blank.as_bytes(), true), Ok(Step::Blank(len)) if len == blank.len()));
        }
        assert!(matches!(parse(b"\n", false), Ok(Step::More)));
        assert!(matches!(frame(b"\n\n\n", false), Ok(Framed::Blank(2))));
    }

    #[tokio::test]
    async fn a_header_cut_inside_a_line_is_cut() {
        let read = async |text: &'static [u8]| read_header(&mut Window::new(Box::new(text) as Bytes)).await;
        assert!(read(b"@HD\tVN:1.6\n").await.is_ok());
        for cut in [&b"@HD\tVN:1.6"[..], b"@HD\tVN:1.6\n@SQ\tSN:c\tLN:1"] {
            assert!(matches!(read(cut).await, Err(Problem::Cut)));
        }
    }

    #[test]
    fn a_last_line_without_its_end_is_cut_wherever_that_is() {
        let line = b"r\t4\t*\t0\t0\t*\t*\t0\t0\tACGT\tIIII\tAS:i:150";
        for len in [line.len(), line.len() - 2, line.len() - 9, line.len() - 11] {
            assert!(matches!(parse(&line[..len], true).unwrap_err().problem, Problem::Cut), "{len}");
            assert!(matches!(frame(&line[..len], true).unwrap_err().problem, Problem::Cut), "{len}");
        }
    }
}
