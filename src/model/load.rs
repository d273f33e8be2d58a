//! Loads a checkpoint onto the device it will run on.

use super::card::Card;
use super::check;
use super::checkpoint::Checkpoint;
use super::device::{self, Ready};
use super::engine::Engine;
use super::engines::{Kernels, Place, on_cpu, on_gpus, place_on_cpu, refused};
use super::error::Result;
use super::expected::Expected;
use super::family::Scoring;
use super::options::{Check, Options};
use super::source::Source;
use super::trust::{Trusted, trusted};
use super::unscored::Unscored;
use crate::prior::MODEL_ERROR;

/// A model that is ready to run.
pub(super) struct Loaded {
    pub(super) card: Card,
    pub(super) scoring: Box<dyn Scoring>,
    pub(super) engine: Box<dyn Engine>,
    /// How far off the model's log odds may be in a genome unlike those it was trained on.
    pub(super) model_error: f64,
    /// Notes for the user.
    pub(super) notes: Vec<String>,
}

/// Loads a model and initialises its device.
pub(super) fn load(options: &Options, kernels: Kernels) -> Result<Loaded> {
    if options.source == Source::Unscored {
        let (scoring, engine) = (Box::new(Unscored), Box::new(Unscored));
        return Ok(Loaded { card: Unscored::card(), scoring, engine, model_error: MODEL_ERROR, notes: Vec::new() });
    }
    let refused = |problem| refused(options, problem);
    let Checkpoint { name, family, mut weights, model_error } = Checkpoint::open(&options.source).map_err(refused)?;
    let ready = device::ready(&options.device)?;
    let on_own_kernels =
        matches!(ready, Ready::Cpu { .. }) && place_on_cpu(kernels, family.as_ref()) == Place::OwnKernels;
    let expected = (options.check != Check::Skip && on_own_kernels)
        .then(|| Expected::begin(options, check::rows(family.requirements(), weights.numbers(), false)))
        .transpose()?;
    let sha256 = weights.sha256().map_err(refused)?;
    let (loaded, note) = match ready {
        Ready::Cpu { note } => (on_cpu(options, kernels, family.as_ref(), &mut weights)?, note),
        Ready::Gpus(gpus) => (on_gpus(options, gpus, family.as_ref(), &mut weights)?, None),
    };
    let parameters = weights.finish().map_err(refused)?;
    let Trusted { engine, precision, note: doubt } = match options.check {
        Check::Skip => Trusted { engine: loaded.0, precision: options.precision, note: None },
        Check::Run | Check::OrAgain => trusted(options, family.as_ref(), loaded, parameters, expected)?,
    };
    let card = Card {
        name,
        kind: family.kind().into(),
        sha256,
        attention: family.has_attention().then(|| options.attention.name().into()),
        precision: precision.name().into(),
        parameters,
        device: engine.device(),
        backend: engine.backend(),
    };
    Ok(Loaded { card, scoring: family, engine, model_error, notes: note.into_iter().chain(doubt).collect() })
}
