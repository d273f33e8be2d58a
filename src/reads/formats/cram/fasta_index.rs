//! Builds the index of a FASTA file, as `samtools faidx` does.
//!
//! noodles' indexer is not used, since it takes a blank line for a sequence line of another length.

use std::io::{self, BufRead};
use std::num::NonZero;

use noodles::fasta::fai::{Index, Record};

/// Finds where the sequences of a file are, and how long their lines are.
///
/// # Errors
/// If a line before the last one of a sequence differs in length: such a sequence cannot be indexed.
pub(super) fn index(mut fasta: impl BufRead) -> io::Result<Index> {
    let mut records = Vec::new();
    let mut sequence: Option<Sequence> = None;
    let (mut line, mut offset) = (Vec::new(), 0);
    loop {
        line.clear();
        let width = fasta.read_until(b'\n', &mut line)? as u64;
        offset += width;
        if width == 0 || line.starts_with(b">") {
            records.extend(sequence.take().and_then(Sequence::record));
            let name = line.get(1..).unwrap_or_default().split(u8::is_ascii_whitespace).next().unwrap_or_default();
            sequence = Some(Sequence { name: name.to_vec(), offset, ..Sequence::default() });
        } else if let Some(sequence) = &mut sequence {
            sequence.add(line.trim_ascii_end().len() as u64, width)?;
        } else if !line.trim_ascii().is_empty() {
            return Err(invalid("it does not start with \">\""));
        }
        if width == 0 {
            return Ok(Index::from(records));
        }
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// A sequence, as far as it has been read.
#[derive(Default)]
struct Sequence {
    name: Vec<u8>,
    offset: u64,
    bases: u64,
    /// The bases in a line, and its bytes including the line end.
    line: Option<(u64, u64)>,
    /// Whether a line was shorter, so that it must be the last one.
    is_over: bool,
}

impl Sequence {
    fn add(&mut self, bases: u64, width: u64) -> io::Result<()> {
        if bases == 0 {
            self.is_over = true;
            return Ok(());
        }
        let (full, full_width) = *self.line.get_or_insert((bases, width));
        if self.is_over || bases > full || (bases == full && width > full_width) {
            let name = self.name.escape_ascii();
            return Err(invalid(&format!("the lines of its sequence {name} are of different lengths")));
        }
        self.is_over = bases < full;
        self.bases += bases;
        Ok(())
    }

    /// The index record of the sequence; `None` if it has no bases.
    fn record(self) -> Option<Record> {
        let (bases, width) = self.line?;
        Some(Record::new(self.name, self.bases, self.offset, NonZero::new(bases)?, NonZero::new(width)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn indexed(text: &str) -> Result<Vec<(String, [u64; 4])>, String> {
        let index = index(text.as_bytes()).map_err(|error| error.to_string())?;
        let row = |record: &Record| {
            let numbers =
                [record.length(), record.position(), record.line_base_count().get(), record.line_width().get()];
            (record.name().to_string(), numbers)
        };
        Ok(index.as_ref().iter().map(row).collect())
    }

    #[test]
    fn sequences_are_found_and_blank_lines_after_them_are_nothing() {
        let rows = vec![("a".to_owned(), [6, 5, 4, 5]), ("b".to_owned(), [2, 16, 2, 3])];
        assert_eq!(indexed(">a x\nACGT\nAC\n>b\nAC\n"), Ok(rows.clone()));
        assert_eq!(indexed(">a x\nACGT\nAC\n>b\nAC\n\n\r\n\n"), Ok(rows.clone()));
        assert_eq!(indexed(">a x\nACGT\nAC\n>b\nAC"), Ok(vec![rows[0].clone(), ("b".to_owned(), [2, 16, 2, 2])]));
        assert_eq!(indexed(">a\nACGT\n\n>b\nAC\n").unwrap()[1], ("b".to_owned(), [2, 12, 2, 3]));
        assert_eq!(indexed(">none\n>a\nA\n").unwrap().len(), 1);
    }

    #[test]
    fn lines_of_different_lengths_cannot_be_indexed() {
        for text in [">a\nACGT\nAC\nACGT\n", ">a\nAC\nACGT\n", ">a\nACGT\n\nACGT\n", "ACGT\n"] {
            assert!(indexed(text).is_err(), "{text}");
        }
    }
}
