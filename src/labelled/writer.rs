//! Writes a drawn read as a line of a table, or as a FASTQ record with the truth in its header.

use std::io::Write;
use std::path::Path;

use crate::genome::{Cut, Errors, Sequence};
use crate::prediction::Strand;
use crate::reads::{Codec, reverse_complement};

const HEADER: &str = "sequence\tlabel\tcoded_fraction\tframe\tgroup\torigin\n";

/// The layout of a file of reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    Table,
    Fastq,
}

/// Formats reads as text.
#[derive(Debug)]
pub(super) struct ReadWriter {
    layout: Layout,
    group: String,
    errors: Errors,
    /// The least share of coding bases in a coding read.
    coding_from: f64,
    written: u64,
}

impl ReadWriter {
    /// Creates a writer for a file with this name.
    pub(super) fn of(output: &Path, group: String, errors: Errors, coding_from: f64) -> Self {
        Self { layout: Layout::of(output), group, errors, coding_from, written: 0 }
    }

    /// The start of the file.
    pub(super) fn start(&self) -> &'static str {
        match self.layout {
            Layout::Table => HEADER,
            Layout::Fastq => "",
        }
    }

    /// Appends a read; returns whether it is coding.
    pub(super) fn push(&mut self, cut: &Cut, sequence: &Sequence, text: &mut Vec<u8>) -> bool {
        let (read, is_gapless) = self.errors.make(&oriented(cut, sequence));
        let bases = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
        let fraction = bases(cut.coded) / bases(cut.range.len());
        let is_coding = cut.coded > 0 && fraction >= self.coding_from;
        let (label, group) = (u8::from(is_coding), &self.group);
        // After a lost or inserted base, codons are in another frame.
        let frame = cut.frame.filter(|_| is_gapless).map_or_else(|| ".".to_owned(), |frame| frame.to_string());
        let strand = if cut.strand == Strand::Plus { '+' } else { '-' };
        let origin = format!("{}:{}-{}:{strand}", sequence.name, cut.range.start + 1, cut.range.end);
        self.written += 1;
        let number = self.written;
        let written = match self.layout {
            Layout::Table => {
                text.extend_from_slice(&read);
                writeln!(text, "\t{label}\t{fraction:.3}\t{frame}\t{group}\t{origin}")
            }
            Layout::Fastq => {
                text.extend(format!("@read{number} label={label} coded_fraction={fraction:.3} frame={frame} ").bytes());
                text.extend(format!("group={group} origin={origin}\n").bytes());
                text.extend_from_slice(&read);
                text.extend_from_slice(b"\n+\n");
                text.resize(text.len() + read.len(), self.errors.quality());
                writeln!(text)
            }
        };
        written.expect("writing to a vector cannot fail");
        is_coding
    }
}

impl Layout {
    /// The layout that the suffix of a file selects.
    fn of(output: &Path) -> Self {
        let name = match Codec::of(output) {
            Codec::Plain => output,
            _ => output.file_stem().map_or(output, Path::new),
        };
        let is_fastq = name
            .extension()
            .is_some_and(|suffix| suffix.eq_ignore_ascii_case("fq") || suffix.eq_ignore_ascii_case("fastq"));
        if is_fastq { Self::Fastq } else { Self::Table }
    }
}

/// The bases of a read in its own orientation.
fn oriented(cut: &Cut, sequence: &Sequence) -> Vec<u8> {
    let mut bases = sequence.bases[cut.range.clone()].to_vec();
    if cut.strand == Strand::Minus {
        reverse_complement(&mut bases);
    }
    bases
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_suffix_names_the_layout() {
        for (path, layout) in [
            ("a.tsv", Layout::Table),
            ("a.fq.tsv.gz", Layout::Table),
            ("-", Layout::Table),
            ("a.fq", Layout::Fastq),
            ("x/a.FASTQ.gz", Layout::Fastq),
        ] {
            assert_eq!(Layout::of(path.as_ref()), layout, "{path}");
        }
    }
}
