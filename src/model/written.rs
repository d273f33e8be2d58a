//! Writes a checkpoint directory, completely or not at all.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, TensorView};

use super::error::{Error, Result};
use super::files;

/// Files of a checkpoint that are copied unchanged, if they exist. We read one of them, other programs the rest.
const COPIED: [&str; 3] = [files::VOCABULARY, "tokenizer_config.json", "special_tokens_map.json"];

/// A tensor: its name, shape and values.
pub(super) type Named = (String, Vec<usize>, Vec<f32>);

/// Creates the directory `out` with the files that `write` puts into it. `out` appears completely or not at all.
pub(super) fn directory(out: &Path, write: impl FnOnce(&Path) -> io::Result<()>) -> Result<()> {
    let part = start(out)?;
    let written = write(&part).and_then(|()| fs::rename(&part, out));
    written.map_err(|source| {
        // What was written so far is useless; if it cannot be removed either, the first error is more important.
        let _ = fs::remove_dir_all(&part);
        Error::Write { path: out.to_owned(), source }
    })
}

/// Checks that a directory can be written, before work that takes long.
#[cfg(feature = "train")]
pub(super) fn try_out(out: &Path) -> Result<()> {
    let part = start(out)?;
    fs::remove_dir(&part).map_err(|source| Error::Write { path: out.to_owned(), source })
}

/// Creates the empty directory that will become `out`.
fn start(out: &Path) -> Result<PathBuf> {
    let failed = |source| Error::Write { path: out.to_owned(), source };
    if fs::symlink_metadata(out).is_ok() {
        return Err(Error::Exists(out.to_owned()));
    }
    let part = part_of(out).map_err(failed)?;
    // A killed run may have left its own.
    if part.is_dir() {
        fs::remove_dir_all(&part).map_err(failed)?;
    }
    fs::create_dir(&part).map_err(failed)?;
    Ok(part)
}

/// Copies the files of a checkpoint besides its settings and weights.
pub(super) fn copy_others(from: &Path, to: &Path) -> io::Result<()> {
    for file in COPIED {
        if from.join(file).is_file() {
            fs::copy(from.join(file), to.join(file))?;
        }
    }
    Ok(())
}

/// Serializes tensors with metadata as a safetensors file.
pub(super) fn safetensors(tensors: Vec<Named>, mut about: HashMap<String, String>) -> Vec<u8> {
    let bytes = |(name, shape, numbers): Named| {
        (name, shape, numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>())
    };
    let tensors: Vec<_> = tensors.into_iter().map(bytes).collect();
    let views = tensors.iter().map(|(name, shape, bytes)| {
        let view =
            TensorView::new(Dtype::F32, shape.clone(), bytes).expect("a tensor has as many numbers as its shape says");
        (name, view)
    });
    // Hugging Face's library refuses a file that does not name its framework.
    about.insert("format".to_owned(), "pt".to_owned());
    safetensors::serialize(views, Some(about)).expect("names and shapes are in order")
}

/// The path `.NAME.part` beside `out`.
pub(super) fn part_of(out: &Path) -> io::Result<PathBuf> {
    beside(out, "part")
}

/// The path `.NAME.SUFFIX` beside `out`.
pub(super) fn beside(out: &Path, suffix: &str) -> io::Result<PathBuf> {
    let name = out.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(".");
    hidden.push(suffix);
    Ok(out.with_file_name(hidden))
}
