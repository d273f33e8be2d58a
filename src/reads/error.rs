//! Errors of reading and writing reads: what failed, for which file, and where in it.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::Problem;

/// `Result` with the [`Error`] of reading and writing.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why reads cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The input cannot be read, is cut short, or is not what it should be.
    #[error("cannot read {}{}", .input.display(), At(.at))]
    Input {
        /// The file, or `-`.
        input: PathBuf,
        /// The position in the file, if known.
        at: Option<Position>,
        /// What is wrong.
        #[source]
        problem: Problem,
    },
    /// The inputs do not go together in the way they were given.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// An output cannot be created or written.
    #[error("cannot write {}", .output.display())]
    Output {
        /// The file.
        output: PathBuf,
        /// The error of the system.
        #[source]
        source: io::Error,
    },
    /// The reader of our stdout went away, which is not worth a message.
    #[error("stdout was closed by its reader")]
    OutputClosed,
    /// Records to be regrouped do not fit into memory, and their temporary file cannot be written or read.
    #[error("cannot keep records in {} while they are regrouped", .folder.display())]
    Temporary {
        /// The folder for temporary files.
        folder: PathBuf,
        /// The error of the system.
        #[source]
        source: io::Error,
    },
}

/// Inputs that do not go together in the way they were given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// There is no input.
    #[error("no input is given")]
    NoInput,
    /// More than two FASTQ or FASTA files are given, which is ambiguous.
    #[error("{files} FASTQ or FASTA files may be R1 and R2 in turn, interleaved mates or unpaired reads")]
    Ambiguous {
        /// The number of files.
        files: usize,
    },
    /// Alignments are given as R1 and R2, or as interleaved mates.
    #[error("{} is {format}, whose records already say which mate they are: it cannot be {given_as}", .input.display())]
    NotLetters {
        /// The file.
        input: PathBuf,
        /// The format of the file.
        format: &'static str,
        /// How the file was given.
        given_as: GivenAs,
    },
    /// FASTQ or FASTA records are to be regrouped by name, which only alignments can be.
    #[error("only the records of BAM, SAM and CRAM can be regrouped by name, but {} is {format}", .input.display())]
    NotCollatable {
        /// The file.
        input: PathBuf,
        /// The format of the file.
        format: &'static str,
    },
}

/// How a file was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GivenAs {
    /// One file with R1 and R2 one after the other.
    Interleaved,
    /// One of two files, R1 and R2.
    Pair,
}

impl fmt::Display for GivenAs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Interleaved => "read as interleaved mates",
            Self::Pair => "one of a pair of files",
        })
    }
}

/// The position of a problem in an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The record's ordinal, from 1.
    pub record: u64,
    /// The record's name, if it could be read.
    pub name: Option<String>,
}

/// Writes `: record 1204 (A00:12:7)`, or nothing.
struct At<'a>(&'a Option<Position>);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => Ok(()),
            Some(Position { record, name: None }) => write!(f, ": record {record}"),
            Some(Position { record, name: Some(name) }) => write!(f, ": record {record} ({name})"),
        }
    }
}
