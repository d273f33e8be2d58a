//! The source of a model.

use std::path::PathBuf;

use super::builtin::{self, Embedded};
use super::files;

/// The source of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The embedded model that makes calls along the read.
    Builtin,
    /// The embedded compact model: faster, but less accurate.
    Compact,
    /// A checkpoint directory, whose `config.json` tells the family.
    Directory(PathBuf),
    /// No model: every read is left unscored. This measures the cost of the rest of a run.
    Unscored,
}

impl Source {
    /// The models that are embedded in the program.
    pub const INSIDE: [Self; 2] = [Self::Builtin, Self::Compact];

    /// Parses `builtin`, `compact`, or a directory; a directory of that name is `./builtin`.
    #[must_use]
    pub fn from_path(path: PathBuf) -> Self {
        Self::INSIDE.into_iter().find(|inside| inside.path() == path).unwrap_or(Self::Directory(path))
    }

    /// The embedded checkpoint, if this is one.
    pub(super) fn embedded(&self) -> Option<&'static Embedded> {
        match self {
            Self::Builtin => Some(&builtin::ALONG),
            Self::Compact => Some(&builtin::COMPACT),
            Self::Directory(_) | Self::Unscored => None,
        }
    }

    /// The files that the model is read from.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        match self {
            Self::Directory(directory) => files::ALL.map(|file| directory.join(file)).to_vec(),
            _ => Vec::new(),
        }
    }

    /// The inverse of [`from_path`](Self::from_path), for messages.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        match (self, self.embedded()) {
            (Self::Directory(directory), _) => directory.clone(),
            (_, Some(embedded)) => embedded.name.into(),
            (_, None) => "none".into(),
        }
    }
}
