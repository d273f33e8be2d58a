//! Where a model comes from.

use std::path::PathBuf;

use super::files;

/// Where a model comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The compact model that is part of the program.
    Builtin,
    /// A checkpoint directory; its `config.json` says of which family.
    Directory(PathBuf),
    /// No model: every read goes out unscored. It measures what the rest of a run costs.
    Unscored,
}

impl Source {
    /// `builtin`, or a directory; a directory of that name is `./builtin`.
    #[must_use]
    pub fn from_path(path: PathBuf) -> Self {
        if path.to_str() == Some("builtin") { Self::Builtin } else { Self::Directory(path) }
    }

    /// The files it is read from.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        match self {
            Self::Builtin | Self::Unscored => Vec::new(),
            Self::Directory(directory) => files::ALL.map(|file| directory.join(file)).to_vec(),
        }
    }

    /// The inverse of [`from_path`](Self::from_path), for messages.
    pub(super) fn path(&self) -> PathBuf {
        match self {
            Self::Builtin => "builtin".into(),
            Self::Directory(directory) => directory.clone(),
            Self::Unscored => "none".into(),
        }
    }
}
