//! The files of a checkpoint directory.

use std::fs;
use std::path::Path;

use super::load_error::LoadError;

/// The settings of the network.
pub(super) const CONFIG: &str = "config.json";
/// The vocabulary of a BERT.
pub(super) const VOCABULARY: &str = "vocab.txt";
/// The files that may hold the weights, in the order they are looked for.
pub(super) const WEIGHTS: [&str; 2] = ["model.safetensors", "pytorch_model.bin"];
/// All files that are read, where they exist.
pub(super) const ALL: [&str; 4] = [CONFIG, VOCABULARY, WEIGHTS[0], WEIGHTS[1]];

/// Reads one of the directory's files.
pub(super) fn read(directory: &Path, file: &str) -> Result<Vec<u8>, LoadError> {
    fs::read(directory.join(file)).map_err(|source| LoadError::Io { file: file.to_owned(), source })
}
