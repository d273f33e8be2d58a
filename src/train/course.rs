//! The course of a training: its steps, measurements on held-out reads, and the saved state to resume from.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::about::{Facts, about};
use super::batches::{Batch, batches};
use super::config::TrainConfig;
use super::log::Log;
use super::outcome::{Look, Trained};
use super::reading::Reads;
use super::{calibrated, held_out, width};
use crate::error::{Error, Result};
use crate::metrics::Scored;
use crate::model::{Example, Recipe, Trainer};
use crate::prediction::Prediction;
use crate::progress::{self, say};

/// How often the held-out reads are scored in each epoch.
const LOOKS: usize = 4;
/// The most reads by which normalisations over a batch are folded into the weights.
const FOLDED_BY: usize = 512;
/// The weight of a step in the moving average of the loss that is shown.
const SHOWN: f64 = 0.05;

/// A training in progress.
#[derive(Debug)]
pub(super) struct Course {
    config: TrainConfig,
    trainer: Trainer,
    reads: Reads,
    recipe: Recipe,
    lengths: Vec<usize>,
    per_epoch: usize,
    at: At,
    state: PathBuf,
    log: Log,
}

/// The progress of a training, as saved in its state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct At {
    /// The identity of the training.
    of: String,
    step: usize,
    /// The time spent, in seconds.
    spent: f64,
    loss: Option<f64>,
    first: Option<Look>,
    best: Option<Look>,
    /// The width of the interval of the share of coding reads for the model before the training.
    #[serde(default)]
    width: Option<f64>,
}

impl Course {
    /// Trains and writes the model; `None` if it was stopped before its first step.
    pub(super) fn run(
        config: TrainConfig,
        trainer: Trainer,
        reads: Reads,
        stop: &AtomicBool,
    ) -> Result<Option<Trained>> {
        let mut course = Self::start(config, trainer, reads)?;
        course.train(stop)?;
        if course.at.step == 0 {
            return Ok(None);
        }
        course.finish().map(Some)
    }

    fn start(config: TrainConfig, mut trainer: Trainer, reads: Reads) -> Result<Self> {
        let recipe = config.changes.of(trainer.recipe());
        trainer.train_by(recipe);
        let state = Trainer::state_of(&config.output)?;
        let of = identity(&config, &trainer, &reads, recipe);
        let mut at = At { of, ..At::default() };
        if let Some(saved) = Trainer::progress(&state)? {
            let saved: At = serde_json::from_str(&saved).unwrap_or_default();
            if saved.of != at.of {
                return Err(Error::OtherTraining(state));
            }
            trainer.restore(&state)?;
            if !config.quiet {
                say(&format!("readseeker: going on from step {} of the training in {}\n", saved.step, state.display()));
            }
            at = saved;
        }
        let lengths = trainer.lengths(&reads.taught)?;
        let per_epoch = batches(&lengths, recipe.batch_size, config.seed, 0).len();
        let log = Log::open(config.log.as_deref(), at.step > 0)?;
        Ok(Self { config, trainer, reads, recipe, lengths, per_epoch, at, state, log })
    }

    fn steps(&self) -> usize {
        self.per_epoch * self.recipe.epochs
    }

    /// The share of the training that is done, in steps or time, whichever is larger.
    #[expect(clippy::cast_precision_loss, reason = "no training has 2^52 steps")]
    fn done(&self) -> f64 {
        let of_steps = self.at.step as f64 / self.steps().max(1) as f64;
        let of_time = self.config.time.map_or(0.0, |time| self.at.spent / time.as_secs_f64());
        of_steps.max(of_time).min(1.0)
    }

    fn train(&mut self, stop: &AtomicBool) -> Result<()> {
        let mut shown = (!self.config.quiet).then(progress::Training::start);
        let (mut saved, mut last) = (Instant::now(), Instant::now());
        let look_every = (self.per_epoch / LOOKS).max(1);
        if self.at.first.is_none() {
            self.look()?;
        }
        if self.at.step == 0 && self.trainer.is_calibrated() {
            self.at.width = width::before(&self.trainer, &self.reads)?;
        }
        let mut epoch: (usize, Vec<Batch>) = (usize::MAX, Vec::new());
        while self.done() < 1.0 && !stop.load(Ordering::Relaxed) {
            let (now, place) = (self.at.step / self.per_epoch, self.at.step % self.per_epoch);
            if epoch.0 != now {
                epoch = (now, batches(&self.lengths, self.recipe.batch_size, self.config.seed, now));
            }
            self.step(&epoch.1[place])?;
            if self.at.step.is_multiple_of(look_every) {
                self.look()?;
            }
            self.at.spent += last.elapsed().as_secs_f64();
            last = Instant::now();
            let notes = self.trainer.notes();
            if let Some(shown) = &mut shown {
                for note in notes {
                    say(&format!("readseeker: warning: {note}\n"));
                }
                shown.show(self.done(), &self.summary());
            }
            if saved.elapsed() >= self.config.save_every {
                self.save()?;
                saved = Instant::now();
            }
        }
        if !self.at.step.is_multiple_of(look_every) {
            self.look()?;
        }
        Ok(())
    }

    fn step(&mut self, batch: &Batch) -> Result<()> {
        let reads: Vec<&Example> = batch.reads.iter().map(|&read| &self.reads.taught[read]).collect();
        let rate = self.recipe.rate_at(self.done());
        let loss = self.trainer.step(&reads, batch.length, rate)?;
        self.log.push(self.at.step, batch.reads.len(), rate, loss)?;
        let before = self.at.loss.unwrap_or(loss);
        self.at.loss = Some(before + SHOWN * (loss - before));
        self.at.step += 1;
        Ok(())
    }

    /// Scores the held-out reads, and keeps the weights if they are the best so far.
    fn look(&mut self) -> Result<()> {
        if self.reads.held_out.is_empty() {
            return Ok(());
        }
        self.fold()?;
        let Some(look) = Look::at(&self.scored(&self.predictions()?)) else { return Ok(()) };
        self.at.first.get_or_insert(look);
        if self.at.best.is_none_or(|best| look.brier < best.brier) {
            self.at.best = Some(look);
            self.trainer.keep();
        }
        Ok(())
    }

    /// Folds batch normalisation into the weights, if the network is trained with it.
    fn fold(&mut self) -> Result<()> {
        if !self.trainer.is_from_scratch() {
            return Ok(());
        }
        let taught = &self.reads.taught;
        let every = taught.len().div_ceil(FOLDED_BY).max(1);
        Ok(self.trainer.fold(&taught.iter().step_by(every).collect::<Vec<_>>())?)
    }

    fn predictions(&self) -> Result<Vec<Prediction>> {
        let bases = self.reads.held_out.iter().map(|read| read.example.bases.as_slice());
        Ok(self.trainer.predictions(bases)?)
    }

    fn scored(&self, predictions: &[Prediction]) -> Vec<Scored> {
        let held_out = self.reads.held_out.iter().zip(predictions);
        let scored = held_out.map(|(read, &Prediction { probability, .. })| Scored {
            probability,
            is_coding: read.example.truth.is_coding,
        });
        scored.collect()
    }

    /// The progress in words: `step 20 of 300, loss 0.1234, held-out accuracy .953 (.902 before)`.
    fn summary(&self) -> String {
        let loss = self.at.loss.map_or_else(String::new, |loss| format!(", loss {loss:.4}"));
        let looks = self.at.first.zip(self.at.best).map_or_else(String::new, |(first, best)| {
            format!(", held-out accuracy {:.3} ({:.3} before)", best.accuracy, first.accuracy)
        });
        format!("step {} of {}{loss}{looks}", self.at.step, self.steps())
    }

    fn save(&self) -> Result<()> {
        let progress = serde_json::to_string(&self.at).expect("numbers are JSON");
        Ok(self.trainer.save(&self.state, progress)?)
    }

    /// Writes the best model, with its calibration fitted to the held-out reads.
    fn finish(mut self) -> Result<Trained> {
        if !self.trainer.has_best() {
            self.fold()?;
        }
        self.trainer.take_best();
        let mut predictions = self.predictions()?;
        let line = calibrated::line(&self.scored(&predictions)).filter(|_| self.trainer.is_calibrated());
        if let Some(calibrated::Line { scale, shift }) = line {
            self.trainer.recalibrate(scale, shift)?;
            predictions = self.predictions()?;
        }
        if let Some(width) = self.at.width {
            let error = width::error_after(&self.trainer, &self.reads, width)?;
            self.trainer.may_be_off_by(error);
        }
        let looks = self.at.first.zip(Look::at(&self.scored(&predictions))).map(|(first, last)| [first, last]);
        let table = (!predictions.is_empty()).then(|| held_out::table(&self.reads.held_out, &predictions).into_bytes());
        let others: Vec<(&str, Vec<u8>)> = table.into_iter().map(|table| (held_out::FILE, table)).collect();
        let Self { config, trainer, recipe, reads, .. } = &self;
        let about = about(&Facts { config, trainer, recipe, reads, steps: self.at.step, looks });
        self.trainer.write(&self.config.output, about, &others)?;
        Trainer::forget(&self.state);
        Ok(Trained {
            reads: self.reads.taught.len(),
            left_out: self.reads.left_out.into_iter().collect(),
            held_out: self.reads.held_out.len(),
            looks,
            keeps_calibration: self.trainer.is_calibrated() && line.is_none(),
            interrupted: None,
        })
    }
}

/// Identifies a training: it can be resumed only if all of this is the same.
fn identity(config: &TrainConfig, trainer: &Trainer, reads: &Reads, recipe: Recipe) -> String {
    let told = BTreeMap::from([
        ("from", trainer.origin().1.to_owned()),
        ("reads", format!("{:016x}, {} and {}", reads.hash, reads.taught.len(), reads.held_out.len())),
        ("recipe", format!("{recipe:?}")),
        ("attention", config.from.attention.name().to_owned()),
        ("seed", config.seed.to_string()),
    ]);
    format!("{told:?}")
}
