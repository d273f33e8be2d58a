//! The folder where models are kept, each in a directory of its name.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use super::files;
use super::source::Source;

/// The folder: `models` in `$READSEEKER_CACHE`, or in `readseeker` in the user's cache folder; `None` without a home.
#[must_use]
pub fn folder() -> Option<PathBuf> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = || set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")));
    Some(set("READSEEKER_CACHE").or_else(|| Some(cache()?.join("readseeker")))?.join("models"))
}

/// The checkpoints in a folder, by name.
#[must_use]
pub fn checkpoints(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut all: Vec<PathBuf> = entries.filter(|path| path.join(files::CONFIG).is_file()).collect();
    all.sort();
    all
}

/// Finds the model that a user names: `builtin`, a directory, or a checkpoint in the folder of models.
#[must_use]
pub fn find(named: PathBuf) -> Source {
    let source = Source::from_path(named);
    let Source::Directory(directory) = &source else { return source };
    if directory.exists() || directory.components().count() != 1 {
        return source;
    }
    let kept = folder().map(|folder| folder.join(directory)).filter(|kept| kept.join(files::CONFIG).is_file());
    kept.map_or(source, Source::Directory)
}
