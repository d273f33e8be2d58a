//! Opens checkpoints: chooses the family, and reads the settings and weights.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use serde::Deserialize;

use super::along::{self, Along};
use super::bert::{self, Bert};
use super::compact::{self, Compact};
use super::family::Family;
use super::files;
use super::load_error::{LoadError, require};
use super::source::Source;
use super::weights::Weights;
use crate::prior::{MODEL_ERROR, MOST_ERROR};

/// A checkpoint that one of the families can load.
pub(super) struct Checkpoint {
    /// The model's name in reports.
    pub(super) name: String,
    pub(super) family: Box<dyn Family>,
    pub(super) weights: Weights,
    /// How far off the model's log odds may be in a genome unlike those it was trained on.
    pub(super) model_error: f64,
}

/// The key of `config.json` for the error of the model's log odds.
pub(super) const LOG_ODDS_ERROR: &str = "log_odds_error";

impl Checkpoint {
    /// Chooses the family of a checkpoint, opens its weights and compares them with its settings.
    pub(super) fn open(source: &Source) -> Result<Self, LoadError> {
        let checkpoint = Self::open_unchecked(source)?;
        checkpoint.weights.check(checkpoint.family.tensors())?;
        Ok(checkpoint)
    }

    /// Opens a checkpoint without comparing its weights with its settings.
    pub(super) fn open_unchecked(source: &Source) -> Result<Self, LoadError> {
        let config = config(source)?;
        let (family, model_error) = (family_of(source, &config)?, model_error(&config)?);
        let weights = match source.embedded() {
            Some(embedded) => Weights::safetensors(files::WEIGHTS[0], Cursor::new(embedded.weights))?,
            None => Weights::open(&source.path())?,
        };
        let name = family.name().map_or_else(|| name_of(&source.path()), ToOwned::to_owned);
        Ok(Self { name, family, weights, model_error })
    }
}

/// The family of a checkpoint, with its settings.
pub(super) fn family(source: &Source) -> Result<Box<dyn Family>, LoadError> {
    family_of(source, &config(source)?)
}

/// Reads the `config.json` of a checkpoint.
pub(super) fn config(source: &Source) -> Result<Vec<u8>, LoadError> {
    let directory = source.path();
    match source.embedded() {
        Some(embedded) => Ok(embedded.config.to_vec()),
        _ if !directory.exists() => Err(LoadError::NoDirectory),
        _ if !directory.is_dir() => Err(LoadError::NotADirectory),
        _ => files::read(&directory, files::CONFIG),
    }
}

/// Chooses the family of a checkpoint by its `config.json`; each family has a match arm here.
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

fn model_error(json: &[u8]) -> Result<f64, LoadError> {
    #[derive(Deserialize)]
    struct Any {
        log_odds_error: Option<f64>,
    }
    let Any { log_odds_error } = serde_json::from_slice(json).map_err(LoadError::Json)?;
    let error = log_odds_error.unwrap_or(MODEL_ERROR);
    require([(LOG_ODDS_ERROR, (0.0..=MOST_ERROR).contains(&error), "a number from 0 to 7")])?;
    Ok(error)
}

/// The name of a directory, however its path is spelled.
fn name_of(directory: &Path) -> String {
    let directory = fs::canonicalize(directory).unwrap_or_else(|_| directory.to_owned());
    directory.file_name().unwrap_or(directory.as_os_str()).to_string_lossy().into_owned()
}
