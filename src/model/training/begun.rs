//! The start of a training: a checkpoint's weights, or random weights for a network of its shape.

use std::collections::HashMap;
use std::io::Cursor;

use serde_json::Value;

use super::recipe::Recipe;
use super::scratch::{NormOf, Scratch, Start};
use crate::model::checkpoint::{self, Checkpoint};
use crate::model::error::{Error, Result};
use crate::model::family::Family;
use crate::model::files;
use crate::model::load_error::LoadError;
use crate::model::source::Source;
use crate::model::weights::Weights;
use crate::model::written::safetensors;

/// The start of a training.
pub(super) struct Begun {
    pub(super) name: String,
    pub(super) sha256: String,
    /// The `config.json` of the trained model, before the training adds to it.
    pub(super) config: Value,
    pub(super) family: Box<dyn Family>,
    pub(super) stored: Weights,
    /// The names of tensors that were added to those of the checkpoint.
    pub(super) added: Vec<String>,
    pub(super) norms: Vec<NormOf>,
    pub(super) recipe: Recipe,
    /// How far off its log odds may be in a genome unlike those it was trained on; unknown for random weights.
    pub(super) model_error: Option<f64>,
}

impl Begun {
    /// Starts from a checkpoint.
    pub(super) fn of(source: &Source, start: Start) -> Result<Self> {
        let refused = |problem| Error::Load { model: source.path(), problem };
        let config = checkpoint::config(source).map_err(refused)?;
        let config = serde_json::from_slice(&config).map_err(|problem| refused(LoadError::Json(problem)))?;
        let Checkpoint { name, family, weights, model_error } = Checkpoint::open_unchecked(source).map_err(refused)?;
        if start.from_scratch {
            return Self::from_scratch(source, config, family.as_ref(), start.seed, &name);
        }
        let mut stored = weights;
        let added = family.learning().complete(&mut stored, start.seed);
        stored.check(family.tensors()).map_err(refused)?;
        let sha256 = stored.sha256().map_err(refused)?;
        let recipe = family.learning().recipe();
        let model_error = added.is_empty().then_some(model_error);
        Ok(Self { name, sha256, config, family, stored, added, norms: Vec::new(), recipe, model_error })
    }

    /// Starts from random weights for a network of a checkpoint's shape, without a calibration.
    fn from_scratch(source: &Source, mut config: Value, shape: &dyn Family, seed: u64, name: &str) -> Result<Self> {
        let refused = |problem| Error::Load { model: source.path(), problem };
        let scratch = shape.learning().scratch();
        let scratch = scratch.map_err(|reason| Error::NoScratch { model: name.to_owned(), reason })?;
        if let Some(config) = config.as_object_mut() {
            config.remove("calibration");
            config.remove(checkpoint::LOG_ODDS_ERROR);
        }
        let family = checkpoint::family_of(source, config.to_string().as_bytes()).map_err(refused)?;
        let Scratch { recipe, ref norms, .. } = scratch;
        let drawn =
            scratch.draw(shapes(family.as_ref(), norms).into_iter(), seed, |name| shape.learning().fixed_rows(name));
        let mut stored = Weights::safetensors(files::WEIGHTS[0], Cursor::new(safetensors(drawn, HashMap::new())))
            .map_err(refused)?;
        let sha256 = stored.sha256().map_err(refused)?;
        let name = format!("random weights of the shape of {name}");
        let (added, norms, model_error) = (Vec::new(), scratch.norms, None);
        Ok(Self { name, sha256, config, family, stored, added, norms, recipe, model_error })
    }
}

/// The names and shapes of a family's tensors, and of the scales added by batch normalisation.
pub(super) fn shapes(family: &dyn Family, norms: &[NormOf]) -> Vec<(String, Vec<usize>)> {
    let own: HashMap<String, Vec<usize>> = family.tensors().collect();
    let added = norms.iter().filter_map(|norm| norm.added(&own));
    family.tensors().chain(added).collect()
}
