//! The files of a checkpoint directory.

use std::fs;
use std::path::{Path, PathBuf};

use super::load_error::LoadError;
use crate::paths::read_whole;

/// The name of the network's settings.
pub(super) const CONFIG: &str = "config.json";
/// The name of a BERT's vocabulary.
pub(super) const VOCABULARY: &str = "vocab.txt";
/// The names of files that may hold the weights, in the order in which they are looked for.
pub(super) const WEIGHTS: [&str; 2] = ["model.safetensors", "pytorch_model.bin"];
/// The names of all files that are read, if they exist.
pub(super) const ALL: [&str; 4] = [CONFIG, VOCABULARY, WEIGHTS[0], WEIGHTS[1]];

/// Reads one of the small files of a checkpoint directory.
pub(super) fn read(directory: &Path, file: &str) -> Result<Vec<u8>, LoadError> {
    let path = regular(directory, file)?;
    read_whole(&path).map_err(|source| LoadError::Io { file: file.to_owned(), source })
}

/// The path of a file in a checkpoint directory. It must be a regular file, since a device or a pipe may never end.
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
