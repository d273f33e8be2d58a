//! Converts a checkpoint: its weights become safetensors, under the names that Hugging Face's library gives them.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, TensorView};

use super::checkpoint::Checkpoint;
use super::error::{Error, Result};
use super::files;
use super::source::Source;

/// Files that go with a checkpoint and are copied as they are, if they exist. We read two of them, others read the rest.
const COPIED: [&str; 4] = [files::CONFIG, files::VOCABULARY, "tokenizer_config.json", "special_tokens_map.json"];

/// Writes a checkpoint to the new directory `out`, with its weights as safetensors. `out` appears whole or not at all.
///
/// # Errors
/// [`Error::Load`] for a checkpoint that is missing or cannot be run, [`Error::Write`] if `out` exists or cannot be written.
pub fn convert(directory: &Path, out: &Path) -> Result<()> {
    let failed = |source| Error::Write { path: out.to_owned(), source };
    if fs::symlink_metadata(out).is_ok() {
        return Err(failed(io::ErrorKind::AlreadyExists.into()));
    }
    let weights = safetensors(directory)?;
    let part = part_of(out).map_err(failed)?;
    fs::create_dir(&part).map_err(failed)?;
    let written = write(directory, &part, &weights).and_then(|()| fs::rename(&part, out));
    written.map_err(|error| {
        // What was written so far is of no use; if it cannot be removed either, the first error says more.
        let _ = fs::remove_dir_all(&part);
        failed(error)
    })
}

/// The weights as the bytes of a safetensors file.
fn safetensors(directory: &Path) -> Result<Vec<u8>> {
    let source = Source::Directory(directory.to_owned());
    let refused = |problem| Error::Load { model: directory.to_owned(), problem };
    let Checkpoint { family, mut weights, .. } = Checkpoint::open(&source).map_err(refused)?;
    let tensors = family.tensors().map(|(name, shape)| {
        let numbers = weights.take(&name, &shape)?;
        Ok((name, shape, numbers.iter().flat_map(|number| number.to_le_bytes()).collect()))
    });
    let tensors: Vec<(String, Vec<usize>, Vec<u8>)> = tensors.collect::<Result<_, _>>().map_err(refused)?;
    let views = tensors.iter().map(|(name, shape, bytes)| {
        let view =
            TensorView::new(Dtype::F32, shape.clone(), bytes).expect("a tensor has as many numbers as its shape says");
        (name, view)
    });
    // Hugging Face's library refuses a file that does not say which framework it is for.
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    Ok(safetensors::serialize(views, Some(metadata)).expect("names and shapes are in order"))
}

/// `.NAME.part` beside `out`.
pub(super) fn part_of(out: &Path) -> io::Result<PathBuf> {
    let name = out.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut part = std::ffi::OsString::from(".");
    part.push(name);
    part.push(".part");
    Ok(out.with_file_name(part))
}

fn write(directory: &Path, part: &Path, weights: &[u8]) -> io::Result<()> {
    for file in COPIED {
        if directory.join(file).is_file() {
            fs::copy(directory.join(file), part.join(file))?;
        }
    }
    fs::write(part.join(files::WEIGHTS[0]), weights)
}
