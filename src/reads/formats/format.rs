//! The formats of reads, and how to tell which one a file has.

use super::sam;
use crate::reads::Problem;
use crate::reads::problem::shown;

/// A format of reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Sequence and quality scores, four lines a record.
    Fastq,
    /// Sequence without quality scores.
    Fasta,
    /// Binary alignments.
    Bam,
    /// Alignments as text.
    Sam,
    /// Alignments as differences from a reference.
    Cram,
}

impl Format {
    /// The name of the format as people write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fastq => "FASTQ",
            Self::Fasta => "FASTA",
            Self::Bam => "BAM",
            Self::Sam => "SAM",
            Self::Cram => "CRAM",
        }
    }
}

/// The format of a decompressed file, by how it starts; none if it is empty.
pub(in crate::reads) fn detect(start: &[u8]) -> Result<Option<Format>, Problem> {
    match start.trim_ascii_start() {
        [] if start.is_empty() || start.contains(&b'\n') => Ok(None),
        [b'B', b'A', b'M', 1, ..] => Ok(Some(Format::Bam)),
        [b'C', b'R', b'A', b'M', 1..=4, ..] => Ok(Some(Format::Cram)),
        start if sam::is_sam(start) => Ok(Some(Format::Sam)),
        [b'@', ..] => Ok(Some(Format::Fastq)),
        [b'>', ..] => Ok(Some(Format::Fasta)),
        _ => Err(Problem::UnknownFormat(shown(start))),
    }
}
