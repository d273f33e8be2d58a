//! Reads FASTQ records whose sequence or quality scores take several lines, as kseq does: the sequence ends with the
//! `+` line, and the quality scores once there are as many as bases.

use super::letter_lines::{Lines, check, unfinished};
use super::parse::{Fault, Step};
use crate::reads::Record;
use crate::reads::problem::{Problem, shown};

/// Parses the record at the start of the window, which is known to have a header.
pub(super) fn parse(window: &[u8], ended: bool) -> Result<Step, Fault> {
    let mut lines = Lines { window, at: 1 };
    let Some(header) = lines.next() else { return unfinished(None, ended) };
    let fault = |problem| Fault::of(header, problem);
    let Some(sequence) = sequence(&mut lines).map_err(fault)? else { return unfinished(Some(header), ended) };
    let Some(quality) = quality(&mut lines, sequence.letters.len(), ended) else {
        return unfinished(Some(header), ended);
    };
    // If no record can start after the quality scores, the record is out of step.
    match lines.rest().first() {
        None if !ended => return Ok(Step::More),
        None | Some(b'@' | b'\n' | b'\r') => {}
        Some(_) => return Err(fault(sequence.unlike(&quality))),
    }
    if sequence.letters.len() != quality.letters.len() {
        return Err(fault(sequence.unlike(&quality)));
    }
    check(&sequence.letters, &quality.letters).map_err(fault)?;
    Ok(Step::Record(Record::new(header, &sequence.letters, &quality.letters), lines.at))
}

/// Letters joined from several lines.
#[derive(Default)]
struct Joined {
    letters: Vec<u8>,
    lines: usize,
    first_line: usize,
}

impl Joined {
    fn add(&mut self, line: &[u8]) {
        if self.lines == 0 {
            self.first_line = line.len();
        }
        self.letters.extend_from_slice(line);
        self.lines += 1;
    }

    /// The problem of a sequence with another number of quality scores. If it has one line, so should they.
    fn unlike(&self, quality: &Self) -> Problem {
        let quality_scores = if self.lines == 1 { quality.first_line } else { quality.letters.len() };
        Problem::Lengths { bases: self.letters.len(), quality_scores }
    }
}

/// Reads the bases up to and including the `+` line; `None` if the window ends before it.
fn sequence(lines: &mut Lines<'_>) -> Result<Option<Joined>, Problem> {
    let mut sequence = Joined::default();
    while let Some(line) = lines.next() {
        if line.first() == Some(&b'+') {
            return Ok(Some(sequence));
        }
        if sequence.lines > 0 && !line.iter().all(|&letter| is_base(letter)) {
            return Err(Problem::Plus(shown(line)));
        }
        sequence.add(line);
    }
    Ok(None)
}

/// Reads at least one line of quality scores, and as many as it takes to get `wanted`; `None` if the window ends
/// before.
fn quality(lines: &mut Lines<'_>, wanted: usize, ended: bool) -> Option<Joined> {
    let mut quality = Joined::default();
    while quality.lines == 0 || quality.letters.len() < wanted {
        let missing = wanted - quality.letters.len();
        let line = match lines.next() {
            Some(line) => line,
            None if ended && quality.lines > 0 && lines.rest().is_empty() => break,
            None if ended && lines.rest().len() >= missing => lines.take_rest(),
            None => return None,
        };
        quality.add(line);
    }
    Some(quality)
}

/// Whether a letter may occur in a second line of a sequence: any other is taken for a broken `+` line.
fn is_base(letter: u8) -> bool {
    letter.is_ascii_alphabetic() || b"-.*=".contains(&letter)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(file: &[u8]) -> Result<(Record, usize), Fault> {
        match parse(file, true)? {
            Step::Record(record, len) => Ok((record, len)),
            step => panic!("{step:?}"),
        }
    }

    fn problem(file: &[u8]) -> String {
        record(file).unwrap_err().problem.to_string()
    }

    #[test]
    fn lines_are_joined_up_to_the_plus_line_and_up_to_the_last_quality_score() {
        let file = b"@a x\nACGT\r\nac\n\nG\n+a x\n@III\n+\n>I\n@b\nA\n+\nI\n";
        let (a, len) = record(file).unwrap();
        assert_eq!(a, Record::new(b"a x", b"ACGTacG", b"@III+>I"));
        assert!(file[len..].starts_with(b"@b"));
        assert_eq!(record(&file[..len - 1]).unwrap().0, a, "the last line end may be missing");
    }

    #[test]
    fn one_line_of_bases_may_have_several_of_quality_scores() {
        assert_eq!(record(b"@a\nACGT\n+\nII\nII\n").unwrap().0, Record::new(b"a", b"ACGT", b"IIII"));
    }

    #[test]
    fn other_numbers_of_quality_scores_are_refused() {
        assert_eq!(problem(b"@a\nACGT\n+\nIII\n@b\nA\n+\nI\n"), "4 bases, but 3 quality scores");
        assert_eq!(problem(b"@a\nACGT\n+\nII\n@b\nA\n+\nI\n"), "4 bases, but 2 quality scores", "@b adds up");
        assert_eq!(problem(b"@a\nAC\nGT\n+\nII\nIII\n"), "4 bases, but 5 quality scores");
        assert_eq!(problem(b"@a\n+\nII\n"), "0 bases, but 2 quality scores");
    }

    #[test]
    fn what_is_no_sequence_ends_it() {
        assert!(problem(b"@a\nACGT\n@b\nACGT\n+\n").contains("found \"@b\""));
        assert!(problem(b"@a\nACGT\nA CGT\n+\n").contains("found \"A CGT\""));
        assert!(problem(b"@a\nAC\n\0\nGT\n+\nIIII\n").contains("found \"\\x00\""));
    }

    proptest! {
        #[test]
        fn wherever_lines_are_broken_the_record_is_the_same(
            letters in prop::collection::vec((prop::sample::select(b"ACGTN".to_vec()), b'!'..=b'~'), 2..60),
            width in 1_usize..60,
            quality_width in 1_usize..60,
        ) {
            let (bases, quality_scores): (Vec<u8>, Vec<u8>) = letters.into_iter().unzip();
            let wrap = |letters: &[u8], width| letters.chunks(width).collect::<Vec<_>>().join(&b'\n');
            let wrapped = [&b"@r\n"[..], &wrap(&bases, width), b"\n+\n", &wrap(&quality_scores, quality_width), b"\n"].concat();
            let whole = Record::new(b"r", &bases, &quality_scores);
            prop_assert_eq!(record(&[&wrapped, &b"@s\n"[..]].concat()).unwrap(), (whole, wrapped.len()));
            for cut in 1..wrapped.len() {
                prop_assert_eq!(parse(&wrapped[..cut], false).unwrap(), Step::More);
                prop_assert!(cut == wrapped.len() - 1 || parse(&wrapped[..cut], true).is_err(), "cut at {}", cut);
            }
        }
    }
}
