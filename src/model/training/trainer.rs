//! A network in training, which improves step by step.

use std::collections::HashMap;
use std::fs;
use std::num::NonZero;
use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use serde_json::Value;

use super::adamw::Optimiser;
use super::begun::{Begun, shapes};
use super::learning::Example;
use super::recalibrated::recalibrate;
use super::recipe::Recipe;
use super::scratch::{NormOf, Start};
use crate::kmer;
use crate::model::attention::Attention;
use crate::model::burn_engine::batches::Padding;
use crate::model::burn_engine::form::Form;
use crate::model::burn_engine::gpus::Gpus;
use crate::model::burn_engine::network::{Network, padding};
use crate::model::burn_engine::on_cpu::OnCpu;
use crate::model::burn_engine::tensors::{Flat, InTraining, Tensors};
use crate::model::checkpoint;
use crate::model::device::{self, DeviceError, Ready};
use crate::model::engine::Engine;
use crate::model::error::{Error, Result};
use crate::model::family::Family;
use crate::model::files;
use crate::model::load_error::LoadError;
use crate::model::options::Options;
use crate::model::row::Row;
use crate::model::source::Source;
use crate::model::written::{Named, copy_others, directory, safetensors, try_out};
use crate::prediction::Prediction;
use crate::tokens::Tokens;

/// A network in training.
#[derive(Debug)]
pub struct Trainer {
    source: Source,
    name: String,
    sha256: String,
    /// The `config.json` of the checkpoint, updated for the trained model.
    config: Value,
    pub(super) family: Box<dyn Family>,
    attention: Attention,
    pub(super) place: Place,
    pub(super) device: Device,
    pub(super) weights: Flat,
    pub(super) optimiser: Optimiser,
    /// The best weights so far, folded as for scoring reads.
    pub(super) best: Option<Flat>,
    /// The batch normalisations; none if they are part of the weights.
    pub(super) norms: Vec<NormOf>,
    /// The current weights folded for scoring reads, if these differ from those that are trained.
    pub(super) folded: Option<Flat>,
    recipe: Recipe,
    model_error: Option<f64>,
    pub(super) seed: u64,
    pub(super) notes: Vec<String>,
}

/// The device for training.
#[derive(Debug)]
pub(super) enum Place {
    Cpu(rayon::ThreadPool),
    /// A GPU, and the most rows that it has taken at once so far.
    Gpu(device::Gpu, usize),
}

impl Trainer {
    /// Checks that the directory `out` can be written, before work that takes long.
    ///
    /// # Errors
    /// [`Error::Write`] if it exists or cannot be created.
    pub fn check_output(out: &Path) -> Result<()> {
        try_out(out)
    }

    /// Opens a network for training on one device. What its checkpoint lacks starts from random numbers determined by
    /// the seed.
    ///
    /// # Errors
    /// The errors of [`Classifier::load`](crate::model::Classifier::load), and [`Error::NoScratch`] if the family
    /// cannot start from random weights.
    pub fn open(options: &Options, start: Start) -> Result<Self> {
        let &Options { ref source, attention, threads, .. } = options;
        let refused = |problem| Error::Load { model: source.path(), problem };
        let Begun { name, sha256, config, family, mut stored, added, norms, recipe, model_error } =
            Begun::of(source, start)?;
        let (place, notes) = match device::ready(&options.device)? {
            Ready::Gpus(gpus) => {
                let alone = (gpus.len() > 1).then(|| "training uses the first of the devices".to_owned());
                let gpu = gpus.into_iter().next().expect("there is a GPU where there are some");
                (Place::Gpu(gpu, usize::MAX), alone)
            }
            Ready::Cpu { note } => {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.get()).build();
                (Place::Cpu(pool.map_err(|source| DeviceError::Threads { threads, source: source.into() })?), note)
            }
        };
        let device = match &place {
            Place::Cpu(_) => device::cpu(),
            Place::Gpu(gpu, _) => gpu.device.clone(),
        };
        let mut weights = Flat::new();
        for (name, shape) in shapes(family.as_ref(), &norms) {
            let numbers = stored.take(&name, &shape).map_err(refused)?;
            if family.learning().fixed_rows(&name) > 0 && numbers[..shape[1]].iter().any(|&number| number != 0.0) {
                return Err(refused(LoadError::Padding { name }));
            }
            let length = numbers.len();
            weights.insert(name, Tensor::from_data(TensorData::new(numbers, [length]), &device));
        }
        Ok(Self {
            source: source.clone(),
            name,
            sha256,
            config,
            family,
            attention,
            place,
            device,
            weights,
            optimiser: Optimiser::default(),
            best: None,
            norms,
            folded: None,
            recipe,
            model_error,
            seed: start.seed,
            notes: notes.into_iter().chain(on_new(&added)).collect(),
        })
    }

    /// The name of the initial model, and the SHA-256 of its weights.
    #[must_use]
    pub fn origin(&self) -> (&str, &str) {
        (&self.name, &self.sha256)
    }

    /// The recipe: that of the family, unless it was [changed](Self::train_by).
    #[must_use]
    pub fn recipe(&self) -> Recipe {
        self.recipe
    }

    /// Changes the recipe.
    pub fn train_by(&mut self, recipe: Recipe) {
        self.recipe = recipe;
    }

    /// Whether the training started from random weights.
    #[must_use]
    pub fn is_from_scratch(&self) -> bool {
        !self.norms.is_empty()
    }

    /// Whether its log odds have a calibration, which can be refitted.
    #[must_use]
    pub fn is_calibrated(&self) -> bool {
        self.family.learning().is_calibrated()
    }

    /// How far off the initial model's log odds may be in a genome unlike those it was trained on; `None` for random
    /// weights.
    #[must_use]
    pub fn model_error(&self) -> Option<f64> {
        self.model_error
    }

    /// Sets in its `config.json` how far off its current log odds may be.
    pub fn may_be_off_by(&mut self, model_error: f64) {
        self.config[checkpoint::LOG_ODDS_ERROR] = model_error.into();
    }

    /// The name of the device for people.
    #[must_use]
    pub fn device(&self) -> String {
        match &self.place {
            Place::Cpu(pool) => {
                device::cpu_name(NonZero::new(pool.current_num_threads()).unwrap_or(NonZero::<usize>::MIN))
            }
            Place::Gpu(gpu, _) => gpu.adapter.name.clone(),
        }
    }

    /// Takes the notes for the user that have not been reported yet.
    pub fn notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// Why nothing can be learnt from a read, if so, for people: `N reads ...`.
    #[must_use]
    pub fn unfit(&self, Example { bases, truth }: &Example) -> Option<&'static str> {
        let needs = self.family.requirements();
        if bases.len() < needs.shortest_read.max(needs.k) {
            return Some("too short for the network, or longer than it reads at once");
        }
        self.family.learning().unfit(bases.len(), *truth)
    }

    /// The lengths of reads inside the network; all reads of a batch have the same.
    ///
    /// # Errors
    /// Never, since the checkpoint was compared with its settings.
    pub fn lengths(&self, examples: &[Example]) -> Result<Vec<usize>> {
        let network = self.network(&mut self.tensors(&self.weights))?;
        let padding = padding(network.as_ref(), network.gpu_batches().step);
        Ok(examples.iter().map(|example| self.length(network.as_ref(), padding, example)).collect())
    }

    fn length(&self, network: &dyn Network, padding: Padding, example: &Example) -> usize {
        let ids = self.ids(&example.bases);
        padding.padded(network.length(self.family.learning().row(&ids)))
    }

    /// The k-mers of some reads as the network sees them during training.
    pub(super) fn rows<'a>(&self, ids: &'a [Vec<u16>]) -> Vec<Row<'a>> {
        ids.iter().map(|row| self.family.learning().row(row)).collect()
    }

    /// The tensors for a network that scores reads with these weights.
    fn tensors<'a>(&'a self, weights: &'a Flat) -> Tensors<'a> {
        Tensors::trained(weights, InTraining::default(), &self.device)
    }

    /// Creates the network with these weights.
    pub(super) fn network(&self, tensors: &mut Tensors<'_>) -> Result<Box<dyn Network>> {
        let network = self.family.burn_network(self.attention, Form::EXACT, tensors);
        network.map_err(|problem| Error::Load { model: self.source.path(), problem })
    }

    pub(super) fn ids(&self, bases: &[u8]) -> Vec<u16> {
        let needs = self.family.requirements();
        let mut ids = Vec::new();
        kmer::tokenize(bases, needs.k, needs.longest_row, &mut ids);
        ids
    }

    /// Predicts for some reads with the current network, or as it was when last [folded](Self::fold).
    ///
    /// # Errors
    /// [`Error::Device`] if the device fails.
    pub fn predictions<'a>(&self, reads: impl Iterator<Item = &'a [u8]>) -> Result<Vec<Prediction>> {
        let mut tokens = Tokens::default();
        for bases in reads {
            tokens.ids.extend(self.ids(bases));
            tokens.end_row();
        }
        let network = self.network(&mut self.tensors(self.folded.as_ref().unwrap_or(&self.weights)))?;
        let engine: Box<dyn Engine> = match &self.place {
            Place::Cpu(pool) => {
                let threads = NonZero::new(pool.current_num_threads());
                Box::new(OnCpu::new(network, threads.unwrap_or(NonZero::<usize>::MIN))?)
            }
            Place::Gpu(gpu, _) => {
                let gpu = device::Gpu { device: gpu.device.clone(), adapter: gpu.adapter.clone() };
                Box::new(Gpus::new(vec![(network, gpu)], None))
            }
        };
        let rows: Vec<&[u16]> = tokens.rows().collect();
        let mut all = Vec::with_capacity(rows.len());
        for rows in rows.chunks(512) {
            let seen: Vec<_> = rows.iter().map(|row| self.family.seen(row)).collect();
            let seen: Vec<&[u16]> = seen.iter().map(|row| &**row).collect();
            let logits = engine.logits(&self.family.network_rows(&seen))?;
            all.extend(self.family.predictions(rows, &logits).each);
        }
        Ok(all)
    }

    /// Keeps the current weights as the best so far.
    pub fn keep(&mut self) {
        self.best = Some(self.folded.as_ref().unwrap_or(&self.weights).clone());
    }

    /// Whether any weights have been kept.
    #[must_use]
    pub fn has_best(&self) -> bool {
        self.best.is_some()
    }

    /// Returns to the best weights, if any were kept, folded as for scoring reads. This ends the training.
    pub fn take_best(&mut self) {
        let folded = self.folded.take();
        if let Some(scoring) = self.best.take().or(folded) {
            self.weights = scoring;
        }
    }

    /// Multiplies the calibrated log odds by `scale` and then adds `shift`.
    ///
    /// # Errors
    /// [`Error::Load`] if the resulting calibration is not valid.
    pub fn recalibrate(&mut self, scale: f64, shift: f64) -> Result<()> {
        recalibrate(&mut self.config, scale, shift);
        let family = checkpoint::family_of(&self.source, self.config.to_string().as_bytes());
        self.family = family.map_err(|problem| Error::Load { model: self.source.path(), problem })?;
        Ok(())
    }

    /// Writes the model to the new directory `out`, with additions to its `config.json` and other files.
    ///
    /// # Errors
    /// [`Error::Write`] if `out` exists or cannot be written.
    pub fn write(&self, out: &Path, about: Vec<(&str, Value)>, others: &[(&str, Vec<u8>)]) -> Result<()> {
        let mut config = self.config.clone();
        for (key, value) in about {
            config[key] = value;
        }
        let config = serde_json::to_string_pretty(&config).expect("what was JSON is JSON") + "\n";
        let weights = safetensors(named(&self.weights, self.family.tensors())?, HashMap::new());
        directory(out, |part| {
            if let Source::Directory(from) = &self.source {
                copy_others(from, part)?;
            }
            for (name, content) in others {
                fs::write(part.join(name), content)?;
            }
            fs::write(part.join(files::CONFIG), config)?;
            fs::write(part.join(files::WEIGHTS[0]), weights)
        })
    }

    /// The shapes of the tensors in training, by name.
    pub(super) fn shapes(&self) -> HashMap<String, Vec<usize>> {
        shapes(self.family.as_ref(), &self.norms).into_iter().collect()
    }
}

/// Reads tensors with these names and shapes from the device.
pub(super) fn named(flat: &Flat, shapes: impl Iterator<Item = (String, Vec<usize>)>) -> Result<Vec<Named>> {
    let read = |(name, shape): (String, Vec<usize>)| {
        let numbers = flat[&name].clone().try_into_vec_as::<f32>();
        Ok((name, shape, numbers.map_err(|error| DeviceError::failed("the device", error.to_string()))?))
    };
    shapes.map(read).collect()
}

/// A note on which tensors start from random numbers, if any do.
fn on_new(added: &[String]) -> Option<String> {
    let names = added.join(", ");
    (!added.is_empty()).then(|| format!("the model it starts from has no {names}: they start from random numbers"))
}
