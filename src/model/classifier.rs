//! A loaded model: turns rows of token ids into one prediction per row, whatever computes it.

use std::sync::{Mutex, PoisonError};

use super::card::Card;
use super::cpu::InstructionSet;
use super::device::Choice;
use super::engine::Engine;
use super::engines::Kernels;
use super::error::{Error, Result};
use super::family::{Requirements, Scoring};
use super::load::{Loaded, load};
use super::options::{Check, Options};
use super::precision::Precision;
use crate::prediction::Predictions;
use crate::tokens::Tokens;

/// A loaded model, ready to run.
#[derive(Debug)]
pub struct Classifier {
    card: Card,
    requirements: Requirements,
    scoring: Box<dyn Scoring>,
    engine: Box<dyn Engine>,
    model_error: f64,
    /// Notes for the user that have not been reported yet.
    notes: Mutex<Vec<String>>,
}

impl Classifier {
    /// Loads the model and prepares its device.
    ///
    /// # Errors
    /// [`Error::Load`] if a checkpoint is missing or cannot run, [`Error::Device`] if there is no usable device, and
    /// [`Error::Precision`] if the model does not run in this precision there.
    pub fn load(options: &Options) -> Result<Self> {
        load(options, Kernels::Own).map(Self::new)
    }

    /// Loads the model on the plain path: burn on the CPU in f32, which shares no kernel with the others.
    ///
    /// # Errors
    /// The errors of [`load`](Self::load).
    pub fn load_plain(options: &Options) -> Result<Self> {
        let (device, precision) = (Choice::Cpu, Precision::F32);
        Self::load_on_burn(&Options { device, precision, check: Check::Skip, ..options.clone() })
    }

    /// Loads the model as [`load`](Self::load) does, but on burn even if our own kernels support it: they are tested
    /// against it.
    ///
    /// # Errors
    /// The errors of [`load`](Self::load).
    #[doc(hidden)]
    pub fn load_on_burn(options: &Options) -> Result<Self> {
        load(options, Kernels::Burn).map(Self::new)
    }

    fn new(loaded: Loaded) -> Self {
        let Loaded { card, scoring, engine, model_error, notes } = loaded;
        Self { card, requirements: scoring.requirements(), scoring, engine, model_error, notes: Mutex::new(notes) }
    }

    /// The description of the model for reports.
    #[must_use]
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// The instruction set of our own kernels, if the model runs on them.
    #[must_use]
    pub fn instruction_set(&self) -> Option<InstructionSet> {
        self.engine.instruction_set()
    }

    /// The instruction set that `READSEEKER_CPU` asks for without effect, and what is used instead.
    #[must_use]
    pub fn idle_instructions(&self) -> Option<(String, String)> {
        let runs = self.instruction_set();
        let asked = InstructionSet::wanted_in_vain(runs)?;
        let instead = match (InstructionSet::of_word(&asked), runs) {
            (Some(_), Some(set)) => format!("{} in {} runs on {}", self.card.name, self.card.precision, set.name()),
            _ => format!("this CPU runs {}", InstructionSet::words()),
        };
        Some((asked, instead))
    }

    /// The length of its k-mers.
    #[must_use]
    pub fn k(&self) -> usize {
        self.requirements.k
    }

    /// The most k-mers of a row that it reads, if there is a limit.
    #[must_use]
    pub fn longest_row(&self) -> Option<usize> {
        self.requirements.longest_row
    }

    /// The length of windows in bases if the user asks for windows; one base more fits too.
    #[must_use]
    pub fn window_length(&self) -> usize {
        self.requirements.window_length
    }

    /// The fewest bases of a read for a meaningful prediction.
    #[must_use]
    pub fn shortest_read(&self) -> usize {
        self.requirements.shortest_read
    }

    /// Whether its predictions include frames.
    #[must_use]
    pub fn tells_frames(&self) -> bool {
        self.requirements.tells_frames
    }

    /// How far off its log odds may be in a genome unlike those it was trained on.
    #[must_use]
    pub fn model_error(&self) -> f64 {
        self.model_error
    }

    /// The number of threads that should call [`classify`](Self::classify) at once.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.engine.workers()
    }

    /// The most rows for a chunk, so that neither an interrupt nor the progress bar has to wait long for one.
    #[must_use]
    pub fn rows_per_chunk(&self) -> usize {
        self.engine.rows_per_call(self.card.parameters)
    }

    /// Takes the notes for the user that have not been reported yet, such as a batch that did not fit the device.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes = std::mem::take(&mut *self.notes.lock().unwrap_or_else(PoisonError::into_inner));
        notes.extend(self.engine.notes());
        notes
    }

    /// Predicts for each row, in row order; the prediction for a row does not depend on the others.
    ///
    /// # Errors
    /// [`Error::Device`] if the device fails even with a single row, and [`Error::NotFinite`] if the weights overflow.
    pub fn classify(&self, tokens: &Tokens) -> Result<Predictions> {
        self.classify_rows(&tokens.rows().collect::<Vec<_>>())
    }

    /// Predicts as [`classify`](Self::classify) does, for rows anywhere in memory; they may overlap.
    ///
    /// # Errors
    /// The errors of [`classify`](Self::classify).
    pub fn classify_rows(&self, rows: &[&[u16]]) -> Result<Predictions> {
        let seen: Vec<_> = rows.iter().map(|row| self.scoring.seen(row)).collect();
        let seen: Vec<&[u16]> = seen.iter().map(|row| &**row).collect();
        let logits = self.engine.logits(&self.scoring.network_rows(&seen))?;
        let predictions = self.scoring.predictions(rows, &logits);
        let finite = predictions.iter().all(|prediction| prediction.probability.is_finite());
        if finite { Ok(predictions) } else { Err(Error::NotFinite) }
    }
}
