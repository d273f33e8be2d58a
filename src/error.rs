//! Everything that can stop a run, with what failed, where and why, and the exit code for it.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::class::Class;
use crate::conflict::Conflict;
use crate::{model, reads};

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can stop a run: errors of the reads and of the model, and those that only a run can have.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The command line contradicts itself in a way clap cannot see.
    #[error("{0}")]
    Usage(String),
    /// The settings contradict each other, the files that are there, or the model.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// Reads cannot be read or written.
    #[error(transparent)]
    Reads(#[from] reads::Error),
    /// The model cannot run.
    #[error(transparent)]
    Model(#[from] model::Error),
    /// The name of a read is not UTF-8, so a Parquet table of scores cannot hold it.
    #[error("the name of the read {read} is not UTF-8, as all text in Parquet must be")]
    NotText {
        /// The read's name, escaped.
        read: String,
    },
    /// The reader of our stdout went away while other files were still to be written.
    #[error("stdout was closed by its reader; {} not written", NotWritten(.files))]
    ReaderGone {
        /// The files that were not written.
        files: Vec<PathBuf>,
    },
    /// A read has no mate in its class, but two files must hold mates in step.
    #[error("{read} has no mate in its class, and {} and the file of second mates would get out of step", .output.display())]
    Alone {
        /// The read's name.
        read: String,
        /// The class's file of first mates.
        output: PathBuf,
    },
    /// ^C, TERM or a closed terminal.
    #[error("interrupted")]
    Interrupted(Signal),
    /// The system refuses the threads that a run needs.
    #[error("cannot start {count} threads")]
    Threads {
        /// The number of threads asked for.
        count: usize,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// The limit on address space is too low for any run.
    #[error("the limit on address space is {} MB, and a run needs {} MB", .limit >> 20, .least >> 20)]
    AddressSpace {
        /// The limit in bytes.
        limit: u64,
        /// The bytes that a run needs.
        least: u64,
    },
    /// The limit on open files is too low for any run.
    #[error("the limit on open files is {limit}, and a run needs {least}")]
    OpenFiles {
        /// The limit.
        limit: u64,
        /// The number that a run needs.
        least: u64,
    },
    /// An annotation that does not fit its genome.
    #[error("{0}")]
    Genome(String),
    /// Reads that are not aligned, although their places on a genome are needed.
    #[error("{} is {format}: its reads are not aligned", .input.display())]
    NotAligned {
        /// The file.
        input: PathBuf,
        /// The format of the file.
        format: &'static str,
    },
    /// Gene calls that do not fit the reads.
    #[error("{0}")]
    Calls(String),
    /// A report or a table cannot be merged with others; `report` is `None` if one is missing.
    #[error("cannot use {}: {problem}", .report.as_ref().map_or("the reports".into(), |report| report.to_string_lossy()))]
    Report {
        /// The file.
        report: Option<PathBuf>,
        /// Why it cannot be used.
        problem: String,
    },
    /// A file is not the report of a run, although it should be.
    #[error("cannot use {}: {problem}", .path.display())]
    NotAReport {
        /// The file.
        path: PathBuf,
        /// Why it cannot be used.
        problem: String,
    },
    /// Some checks of `readseeker selftest` failed.
    #[error("{failed} of {checks} checks failed")]
    Selftest {
        /// The number of checks that failed.
        failed: usize,
        /// The number of checks that were run.
        checks: usize,
    },
    /// An audited read gets another label on the plain path.
    #[error(
        "the audit failed: {read} has the probability {probability:.6} ({class}), but {plain:.6} on the plain path, \
         which gives it another label"
    )]
    Audit {
        /// The read's name.
        read: String,
        /// The read's class in the run.
        class: Class,
        /// The read's probability in the run.
        probability: f32,
        /// The read's probability on the plain path.
        plain: f32,
    },
    /// A table of reads from which nothing can be learnt.
    #[error("{0}")]
    Untrainable(String),
    /// The saved state belongs to another training than the one to be resumed.
    #[error("{} is the state of another training: of other reads, another model or other settings", .0.display())]
    OtherTraining(PathBuf),
    /// Counts do not add up, or another invariant of the program is broken.
    #[error("internal error: {0}")]
    Internal(String),
}

/// The signal that ended a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT, from Ctrl-C.
    Interrupt,
    /// SIGTERM, from `kill` or at a scheduler's time limit.
    Terminate,
    /// SIGHUP, when the terminal is closed.
    Hangup,
    /// Any other signal that ends a process, by number: a scheduler's warning, a timer.
    Other(u8),
}

/// Writes `n.fq was`, or `n.fq, r.json and r.html were`.
struct NotWritten<'a>(&'a [PathBuf]);

impl fmt::Display for NotWritten<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.0.len().saturating_sub(1);
        for (n, file) in self.0.iter().enumerate() {
            let between = if n == 0 {
                ""
            } else if n == last {
                " and "
            } else {
                ", "
            };
            write!(f, "{between}{}", file.display())?;
        }
        f.write_str(if last == 0 { " was" } else { " were" })
    }
}

impl Error {
    /// Turns a closed stdout into [`Error::ReaderGone`] if `files` were still to be written: without any, it is no
    /// error.
    #[must_use]
    pub fn with_files(self, files: Vec<PathBuf>) -> Self {
        match self {
            Self::Reads(reads::Error::OutputClosed) if !files.is_empty() => Self::ReaderGone { files },
            other => other,
        }
    }

    /// The exit code of the process; docs/exit-codes.md has the table.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Reads(reads::Error::OutputClosed) => 0,
            Self::Internal(_)
            | Self::Audit { .. }
            | Self::Threads { .. }
            | Self::AddressSpace { .. }
            | Self::OpenFiles { .. }
            | Self::Model(model::Error::NotFinite | model::Error::Diverged) => 1,
            Self::Usage(_)
            | Self::Conflict(_)
            | Self::Reads(reads::Error::Layout(_))
            | Self::Model(model::Error::Precision { .. } | model::Error::NoScratch { .. } | model::Error::Exists(_)) => {
                2
            }
            Self::Reads(reads::Error::Input { .. })
            | Self::Alone { .. }
            | Self::Report { .. }
            | Self::NotAReport { .. }
            | Self::Genome(_)
            | Self::NotAligned { .. }
            | Self::Calls(_)
            | Self::Untrainable(_)
            | Self::OtherTraining(_) => 3,
            Self::Model(model::Error::Load { .. } | model::Error::Fetch { .. }) => 4,
            Self::Model(model::Error::Device(_) | model::Error::Again { .. }) | Self::Selftest { .. } => 5,
            Self::NotText { .. }
            | Self::ReaderGone { .. }
            | Self::Reads(reads::Error::Output { .. } | reads::Error::Temporary { .. })
            | Self::Model(model::Error::Write { .. }) => 6,
            Self::Interrupted(Signal::Interrupt) => 130,
            Self::Interrupted(Signal::Terminate) => 143,
            Self::Interrupted(Signal::Hangup) => 129,
            Self::Interrupted(Signal::Other(number)) => 128 + number,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_a_reader_of_stdout_took_with_it_are_named() {
        let gone = || Error::from(reads::Error::OutputClosed);
        assert_eq!(gone().with_files(Vec::new()).exit_code(), 0);
        for (files, said) in [
            (&["n.fq"][..], "stdout was closed by its reader; n.fq was not written"),
            (&["n.fq", "r.json"], "stdout was closed by its reader; n.fq and r.json were not written"),
            (&["a", "b", "c"], "stdout was closed by its reader; a, b and c were not written"),
        ] {
            let error = gone().with_files(files.iter().map(PathBuf::from).collect());
            assert_eq!((error.to_string().as_str(), error.exit_code()), (said, 6));
        }
        let other = Error::Internal("as before".into()).with_files(vec!["n.fq".into()]);
        assert!(matches!(other, Error::Internal(_)));
    }
}
