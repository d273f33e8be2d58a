//! Why reads cannot be read or written: what, which file, and where in it.

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
        /// Where in it, when known.
        at: Option<Position>,
        /// What is wrong.
        #[source]
        problem: Problem,
    },
    /// The inputs do not go together in the way they were given.
    #[error("{0}")]
    Layout(String),
    /// An output cannot be created or written.
    #[error("cannot write {}", .output.display())]
    Output {
        /// The file.
        output: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Whoever read our stdout went away: not worth a word.
    #[error("stdout was closed by its reader")]
    OutputClosed,
    /// Records that are regrouped do not fit into memory, and their temporary file cannot be written or read.
    #[error("cannot keep records in {} while they are regrouped", .folder.display())]
    Temporary {
        /// Where temporary files go.
        folder: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Where in an input a problem is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The record's ordinal, from 1.
    pub record: u64,
    /// Its name, when it could be read.
    pub name: Option<String>,
}

/// `: record 1204 (A00:12:7)`, or nothing.
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
