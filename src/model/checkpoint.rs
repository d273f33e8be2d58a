//! A checkpoint: which family it is of, its settings and its weights.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::along::{self, Along};
use super::bert::{self, Bert};
use super::compact::{self, Compact};
use super::family::Family;
use super::files;
use super::load_error::LoadError;
use super::source::Source;
use super::weights::Weights;

/// A checkpoint that one of the families can load.
pub(super) struct Checkpoint {
    /// The model's name in reports.
    pub(super) name: String,
    pub(super) family: Box<dyn Family>,
    pub(super) weights: Weights,
}

impl Checkpoint {
    /// Finds out which family a checkpoint is of, opens its weights and compares them with its settings.
    pub(super) fn open(source: &Source) -> Result<Self, LoadError> {
        let checkpoint = Self::open_unchecked(source)?;
        checkpoint.weights.check(checkpoint.family.tensors())?;
        Ok(checkpoint)
    }

    /// The same without the comparison.
    pub(super) fn open_unchecked(source: &Source) -> Result<Self, LoadError> {
        let family = family(source)?;
        let weights = match source.embedded() {
            Some(embedded) => Weights::safetensors(files::WEIGHTS[0], embedded.weights.to_vec())?,
            None => Weights::open(&source.path())?,
        };
        let name = family.name().map_or_else(|| name_of(&source.path()), ToOwned::to_owned);
        Ok(Self { name, family, weights })
    }
}

/// The family of a checkpoint, with its settings.
pub(super) fn family(source: &Source) -> Result<Box<dyn Family>, LoadError> {
    family_of(source, &config(source)?)
}

/// The `config.json` of a checkpoint.
pub(super) fn config(source: &Source) -> Result<Vec<u8>, LoadError> {
    let directory = source.path();
    match source.embedded() {
        Some(embedded) => Ok(embedded.config.to_vec()),
        _ if !directory.exists() => Err(LoadError::NoDirectory),
        _ if !directory.is_dir() => Err(LoadError::NotADirectory),
        _ => files::read(&directory, files::CONFIG),
    }
}

/// The family of a checkpoint with this `config.json`: each family has an arm here.
pub(super) fn family_of(source: &Source, json: &[u8]) -> Result<Box<dyn Family>, LoadError> {
    match model_type(json)?.as_deref() {
        Some(bert::MODEL_TYPE) => Ok(Box::new(Bert::read(&source.path(), json)?)),
        Some(compact::MODEL_TYPE) => Ok(Box::new(Compact::parse(json)?)),
        Some(along::MODEL_TYPE) => Ok(Box::new(Along::parse(json)?)),
        _ => {
            let [bert, compact, along] = [bert::MODEL_TYPE, compact::MODEL_TYPE, along::MODEL_TYPE];
            let expected = format!("{bert:?}, {compact:?} or {along:?}");
            Err(LoadError::Unsupported { key: "model_type".to_owned(), expected })
        }
    }
}

fn model_type(json: &[u8]) -> Result<Option<String>, LoadError> {
    #[derive(Deserialize)]
    struct Any {
        model_type: Option<String>,
    }
    serde_json::from_slice(json).map(|any: Any| any.model_type).map_err(LoadError::Json)
}

/// The name of a directory, however it is spelt.
fn name_of(directory: &Path) -> String {
    let directory = fs::canonicalize(directory).unwrap_or_else(|_| directory.to_owned());
    directory.file_name().unwrap_or(directory.as_os_str()).to_string_lossy().into_owned()
}
