//! Where a model comes from.

use std::path::PathBuf;

use super::builtin::{self, Embedded};
use super::files;

/// Where a model comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The model that is part of the program, and makes calls along the read.
    Builtin,
    /// The compact model, also part of the program: faster, less often right.
    Compact,
    /// A checkpoint directory; its `config.json` says of which family.
    Directory(PathBuf),
    /// No model: every read goes out unscored. It measures what the rest of a run costs.
    Unscored,
}

impl Source {
    /// The models that are part of the program.
    pub const INSIDE: [Self; 2] = [Self::Builtin, Self::Compact];

    /// `builtin`, `compact`, or a directory; a directory of such a name is `./builtin`.
    #[must_use]
    pub fn from_path(path: PathBuf) -> Self {
        Self::INSIDE.into_iter().find(|inside| inside.path() == path).unwrap_or(Self::Directory(path))
    }

    /// The checkpoint within the program, if it is one.
    pub(super) fn embedded(&self) -> Option<&'static Embedded> {
        match self {
            Self::Builtin => Some(&builtin::ALONG),
            Self::Compact => Some(&builtin::COMPACT),
            Self::Directory(_) | Self::Unscored => None,
        }
    }

    /// The files it is read from.
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
