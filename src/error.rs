//! Everything that can stop a run: what, where, why, and what to do; and the exit code that says so.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::{model, reads};

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can stop a run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The command line contradicts itself in a way clap cannot see.
    #[error("{0}")]
    Usage(String),
    /// The input cannot be read, is cut short, or is not what it should be.
    #[error("cannot read {}{}", .input.display(), At(.at))]
    Input {
        /// The file, or `-`.
        input: PathBuf,
        /// Where in it, when known.
        at: Option<Position>,
        /// What is wrong.
        #[source]
        problem: reads::Problem,
    },
    /// The model is missing or not one we can run.
    #[error("cannot load the model {}", .model.display())]
    Model {
        /// The checkpoint directory, or `builtin`.
        model: PathBuf,
        /// What is wrong.
        #[source]
        problem: model::Problem,
    },
    /// No usable device, or one that gave up.
    #[error(transparent)]
    Device(#[from] model::device::Problem),
    /// An output cannot be created or written.
    #[error("cannot write {}", .output.display())]
    Output {
        /// The file.
        output: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A read whose mate is missing or goes elsewhere, where two files must hold mates in step.
    #[error("{read} has no mate in its class, and {} and the file of second mates would get out of step", .output.display())]
    Alone {
        /// The read's name.
        read: String,
        /// The class's file of first mates.
        output: PathBuf,
    },
    /// Records that are regrouped do not fit into memory, and their temporary file cannot be written or read.
    #[error("cannot keep records in {} while they are regrouped", .folder.display())]
    Temporary {
        /// Where temporary files go.
        folder: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Whoever read our stdout went away: not worth a word.
    #[error("stdout was closed by its reader")]
    OutputClosed,
    /// ^C, TERM or a closed terminal.
    #[error("interrupted")]
    Interrupted(Signal),
    /// The system does not give us the threads a run takes.
    #[error("cannot start {count} threads")]
    Threads {
        /// As many as were asked for.
        count: usize,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The counts do not add up, or another promise of ours is broken.
    #[error("internal error: {0}")]
    Internal(String),
}

/// Where in an input a problem is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The record's ordinal, from 1.
    pub record: u64,
    /// Its name, when it could be read.
    pub name: Option<String>,
}

/// The signal that ended a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// ^C.
    Interrupt,
    /// `kill`, a scheduler's time limit.
    Terminate,
    /// The terminal was closed.
    Hangup,
}

impl Error {
    /// The process's exit code: the table is in the README.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::OutputClosed => 0,
            Self::Internal(_) | Self::Threads { .. } => 1,
            Self::Usage(_) => 2,
            Self::Input { .. } | Self::Alone { .. } => 3,
            Self::Model { .. } => 4,
            Self::Device(_) => 5,
            Self::Output { .. } | Self::Temporary { .. } => 6,
            Self::Interrupted(Signal::Interrupt) => 130,
            Self::Interrupted(Signal::Terminate) => 143,
            Self::Interrupted(Signal::Hangup) => 129,
        }
    }

    /// What the user can do about it, when we know.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Input { problem, .. } => problem.hint(),
            Self::Model { problem, .. } => problem.hint(),
            Self::Device(problem) => problem.hint(),
            Self::Threads { .. } => Some(
                "fewer with --threads; or raise the limit on processes (ulimit -u, a container's) or memory".into(),
            ),
            Self::Temporary { .. } => {
                Some("--temp-dir names another folder, --memory takes more of them into memory".into())
            }
            Self::Alone { .. } => Some("--unpaired unpaired_%.fq.gz takes such reads; so does one file a class".into()),
            _ => None,
        }
    }
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
