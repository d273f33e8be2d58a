//! Converts a checkpoint: its weights become safetensors, with the names that Hugging Face's library uses.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use super::checkpoint::Checkpoint;
use super::error::{Error, Result};
use super::files;
use super::source::Source;
use super::written::{copy_others, directory, safetensors};

/// Writes a checkpoint to the new directory `out`, with its weights as safetensors. `out` is created completely or not
/// at all.
///
/// # Errors
/// [`Error::Load`] if the checkpoint is missing or cannot run, [`Error::Exists`] if `out` exists, [`Error::Write`] if
/// it cannot be written.
pub fn convert(from: &Path, out: &Path) -> Result<()> {
    let weights = if fs::symlink_metadata(out).is_ok() { Vec::new() } else { weights(from)? };
    directory(out, |part| {
        fs::copy(from.join(files::CONFIG), part.join(files::CONFIG))?;
        copy_others(from, part)?;
        fs::write(part.join(files::WEIGHTS[0]), weights)
    })
}

/// The weights as the bytes of a safetensors file.
fn weights(directory: &Path) -> Result<Vec<u8>> {
    let source = Source::Directory(directory.to_owned());
    let refused = |problem| Error::Load { model: directory.to_owned(), problem };
    let Checkpoint { family, mut weights, .. } = Checkpoint::open(&source).map_err(refused)?;
    let tensors = family.tensors().map(|(name, shape)| {
        let numbers = weights.take(&name, &shape)?;
        Ok((name, shape, numbers))
    });
    Ok(safetensors(tensors.collect::<Result<_, _>>().map_err(refused)?, HashMap::new()))
}
