//! Errors of loading a checkpoint.

use std::fmt;

/// A requirement on `config.json`: a key with dots, whether its value is allowed, and the allowed values for people.
pub(super) type Requirement = (&'static str, bool, &'static str);

/// Fails with the first requirement that is not met.
pub(super) fn require(all: impl IntoIterator<Item = Requirement>) -> Result<(), LoadError> {
    match all.into_iter().find(|(_, holds, _)| !holds) {
        None => Ok(()),
        Some((key, _, expected)) => Err(LoadError::Unsupported { key: key.to_owned(), expected: expected.to_owned() }),
    }
}

/// Why a checkpoint cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The directory does not exist.
    #[error("there is no such directory")]
    NoDirectory,
    /// The path is not a directory.
    #[error("it is not a directory")]
    NotADirectory,
    /// A file is a device, a pipe or a directory.
    #[error("{file} is not a regular file")]
    NotAFile {
        /// The file's name in the checkpoint directory.
        file: String,
    },
    /// A file cannot be read.
    #[error("cannot read {file}")]
    Io {
        /// The file's name in the checkpoint directory.
        file: String,
        /// The error of the system.
        #[source]
        source: std::io::Error,
    },
    /// `config.json` is not valid.
    #[error("config.json does not describe a known model")]
    Json(#[source] serde_json::Error),
    /// `config.json` has a value that is not supported.
    #[error("config.json: {key} must be {expected}")]
    Unsupported {
        /// The key, with dots.
        key: String,
        /// The allowed values, for people.
        expected: String,
    },
    /// `vocab.txt` is not a vocabulary of k-mers.
    #[error("vocab.txt has {words} words; a vocabulary of k-mers has 69, 261, 1029 or 4101 (k = 3 to 6)")]
    VocabularySize {
        /// The number of words in it.
        words: usize,
    },
    /// `vocab.txt` is not in the original's order.
    #[error("vocab.txt, line {line}: found {found:?}, expected {expected:?}")]
    Vocabulary {
        /// The line, counted from 1.
        line: usize,
        /// The word found.
        found: String,
        /// The word expected.
        expected: String,
    },
    /// There is no weights file.
    #[error("no weights found (looked for {looked_for})")]
    NoWeights {
        /// The names of the files that were looked for.
        looked_for: String,
    },
    /// The weights file is truncated or not a weights file.
    #[error("cannot read the weights in {file}")]
    Weights {
        /// The file's name in the checkpoint directory.
        file: String,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A tensor is missing.
    #[error("the weights have no tensor {name}")]
    MissingTensor {
        /// The tensor's name.
        name: String,
    },
    /// There is a tensor that the model does not use.
    #[error("the weights have a tensor that the model does not use: {name}")]
    ExtraTensor {
        /// The tensor's name.
        name: String,
    },
    /// A tensor does not have the shape that `config.json` requires.
    #[error("tensor {name} is {}; config.json asks for {}", Shape(.found), Shape(.expected))]
    TensorShape {
        /// The tensor's name.
        name: String,
        /// The tensor's shape.
        found: Vec<usize>,
        /// The shape expected.
        expected: Vec<usize>,
    },
    /// A tensor does not hold 32-bit floating-point numbers.
    #[error("tensor {name} is not in f32")]
    TensorType {
        /// The tensor's name.
        name: String,
    },
    /// A tensor holds an infinity or a NaN.
    #[error("tensor {name} holds a number that is not finite")]
    NotFinite {
        /// The tensor's name.
        name: String,
    },
    /// The weights are finite, but the results computed from them are not.
    #[error("the weights overflow: the probability of a read is not a number")]
    Overflow,
    /// The embedding of the padding token does not consist of zeros.
    #[error("tensor {name}: the first row, the padding token's, must be zeros")]
    Padding {
        /// The tensor's name.
        name: String,
    },
}

/// Formats a shape: `4101 x 768`.
struct Shape<'a>(&'a [usize]);

impl fmt::Display for Shape<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("a single number");
        }
        for (place, length) in self.0.iter().enumerate() {
            write!(f, "{}{length}", if place == 0 { "" } else { " x " })?;
        }
        Ok(())
    }
}
