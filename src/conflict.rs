//! How what was asked for contradicts itself, the files that are there, or the model.

use std::ops::RangeInclusive;
use std::path::PathBuf;

/// Settings that contradict each other, the files that are there, or the model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Conflict {
    /// Two outputs would end in one file.
    #[error("two outputs are the same file: {}", .0.display())]
    SameOutput(PathBuf),
    /// A file that is read would be overwritten.
    #[error("{} is both input and output", .0.display())]
    InputAndOutput(PathBuf),
    /// An output's name is that of a folder.
    #[error("{} names a folder, not a file", .0.display())]
    Folder(PathBuf),
    /// An output exists, and nobody said that it may be replaced.
    #[error("{} exists", .0.display())]
    Exists(PathBuf),
    /// Such an output, and what a killed run left of the same outputs: those that are there may be of two runs.
    #[error("{} exists, and {} is from a run that was killed, maybe while it put its outputs in place", .existing.display(), .stray.display())]
    Remains {
        /// The output.
        existing: PathBuf,
        /// What was left.
        stray: PathBuf,
    },
    /// The name of a file of reads promises a format or a compression that is not written.
    #[error("{} ends in {suffix}, which is not written", .path.display())]
    ReadsSuffix {
        /// The file.
        path: PathBuf,
        /// What it ends in.
        suffix: String,
    },
    /// The name of a table or report promises something else, or a compression that is not written.
    #[error("{} ends in {suffix}, but would hold {holds}", .path.display())]
    Suffix {
        /// The file.
        path: PathBuf,
        /// What it ends in.
        suffix: String,
        /// What it would hold.
        holds: &'static str,
        /// The suffixes that fit that.
        fitting: &'static str,
    },
    /// A compression level, and nothing to compress.
    #[error("a compression level is given, but no output is compressed")]
    NothingCompressed,
    /// A level that an output's compression does not have.
    #[error("compression level {level} is out of range for {} ({}-{})", .path.display(), .levels.start(), .levels.end())]
    Level {
        /// What was asked for.
        level: u8,
        /// The output.
        path: PathBuf,
        /// What there is.
        levels: RangeInclusive<u8>,
    },
    /// A part of an input is asked for, which must be read twice, and it can be read but once.
    #[error("a shard needs an input that can be read twice, and {} is not a file", .0.display())]
    ReadOnce(PathBuf),
    /// A dry run reads the start of its input, and that can be read but once.
    #[error("a dry run cannot read {}, which is not a file: the reads it takes would be missing from the run", .0.display())]
    TakenAway(PathBuf),
    /// Two files per class, and reads without mates.
    #[error("two outputs per class, but the input holds single reads")]
    NoMates,
    /// Genes or proteins, and a model without frames.
    #[error("genes, proteins and coding sequences need a model that predicts frames, and {model} does not")]
    NoFrames {
        /// The model's name.
        model: String,
    },
}
