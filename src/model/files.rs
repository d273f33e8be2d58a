//! The files of a checkpoint directory.

use std::fs;
use std::path::{Path, PathBuf};

use super::load_error::LoadError;
use crate::paths::read_whole;

/// The settings of the network.
pub(super) const CONFIG: &str = "config.json";
/// The vocabulary of a BERT.
pub(super) const VOCABULARY: &str = "vocab.txt";
/// The files that may hold the weights, in the order they are looked for.
pub(super) const WEIGHTS: [&str; 2] = ["model.safetensors", "pytorch_model.bin"];
/// All files that are read, where they exist.
pub(super) const ALL: [&str; 4] = [CONFIG, VOCABULARY, WEIGHTS[0], WEIGHTS[1]];

/// Reads one of the directory's small files.
pub(super) fn read(directory: &Path, file: &str) -> Result<Vec<u8>, LoadError> {
    let path = regular(directory, file)?;
    read_whole(&path).map_err(|source| LoadError::Io { file: file.to_owned(), source })
}

/// The path of one of the directory's files, which must be a regular file: a device or a pipe may never end.
pub(super) fn regular(directory: &Path, file: &str) -> Result<PathBuf, LoadError> {
    let path = directory.join(file);
    let metadata = fs::metadata(&path).map_err(|source| LoadError::Io { file: file.to_owned(), source })?;
    if metadata.is_file() { Ok(path) } else { Err(LoadError::NotAFile { file: file.to_owned() }) }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn small_files_may_not_be_large() {
        let directory = tempfile::tempdir().unwrap();
        File::create(directory.path().join(CONFIG)).unwrap().set_len(360 << 20).unwrap(); // takes no room on disk
        assert!(matches!(read(directory.path(), CONFIG), Err(LoadError::Io { .. })));
    }
}
