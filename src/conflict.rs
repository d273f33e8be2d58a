//! Contradictions in what was asked for: with itself, with the files on disk, or with the model.

use std::ops::RangeInclusive;
use std::path::PathBuf;

/// Settings that contradict each other, the files on disk, or the model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Conflict {
    /// Two outputs would be written to the same file.
    #[error("two outputs are the same file: {}", .0.display())]
    SameOutput(PathBuf),
    /// An input file would be overwritten.
    #[error("{} is both input and output", .0.display())]
    InputAndOutput(PathBuf),
    /// An output path names a folder.
    #[error("{} names a folder, not a file", .0.display())]
    Folder(PathBuf),
    /// An output exists, and overwriting was not asked for.
    #[error("{} exists", .0.display())]
    Exists(PathBuf),
    /// An output exists beside a temporary file of a killed run: the existing outputs may be of two runs.
    #[error("{} exists, and {} is from a run that was killed, maybe while it put its outputs in place", .existing.display(), .stray.display())]
    Remains {
        /// The output.
        existing: PathBuf,
        /// The temporary file that the killed run left.
        stray: PathBuf,
    },
    /// The name of a file of reads promises a format or a compression that is not written.
    #[error("{} ends in {suffix}, which is not written", .path.display())]
    ReadsSuffix {
        /// The file.
        path: PathBuf,
        /// The suffix of the file.
        suffix: String,
    },
    /// The name of a table or report promises other contents, or a compression that is not written.
    #[error("{} ends in {suffix}, but would hold {holds}", .path.display())]
    Suffix {
        /// The file.
        path: PathBuf,
        /// The suffix of the file.
        suffix: String,
        /// What the file would hold.
        holds: &'static str,
        /// The suffixes that fit these contents.
        fitting: &'static str,
    },
    /// A compression level is given, but no output is compressed.
    #[error("a compression level is given, but no output is compressed")]
    NothingCompressed,
    /// A compression level that an output's codec does not have.
    #[error("compression level {level} is out of range for {} ({}-{})", .path.display(), .levels.start(), .levels.end())]
    Level {
        /// The level that was asked for.
        level: u8,
        /// The output.
        path: PathBuf,
        /// The levels that the codec has.
        levels: RangeInclusive<u8>,
    },
    /// A shard needs an input that can be read twice, and this one can be read only once.
    #[error("a shard needs an input that can be read twice, and {} is not a file", .0.display())]
    ReadOnce(PathBuf),
    /// A dry run would consume the start of an input that can be read only once.
    #[error("a dry run cannot read {}, which is not a file: the reads it takes would be missing from the run", .0.display())]
    TakenAway(PathBuf),
    /// Two files per class are asked for, but the input has reads without mates.
    #[error("two outputs per class, but the input holds single reads")]
    NoMates,
    /// Genes or proteins are asked for, but the model predicts no frames.
    #[error("genes, proteins and coding sequences need a model that predicts frames, and {model} does not")]
    NoFrames {
        /// The model's name.
        model: String,
    },
}
