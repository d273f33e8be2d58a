//! A loaded model: rows of token ids in, one prediction a row out, whatever computes it.

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
    /// What the user should know and was not told before.
    notes: Mutex<Vec<String>>,
}

impl Classifier {
    /// Loads the model and readies its device.
    ///
    /// # Errors
    /// [`Error::Load`] for a checkpoint that is missing or cannot be run, [`Error::Device`] when there is no usable device,
    /// and [`Error::Precision`] when the model does not run in that precision there.
    pub fn load(options: &Options) -> Result<Self> {
        load(options, Kernels::Own).map(Self::new)
    }

    /// The same model on the plain path: burn on the CPU in f32, which shares no kernel with the others.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_plain(options: &Options) -> Result<Self> {
        let (device, precision) = (Choice::Cpu, Precision::F32);
        Self::load_on_burn(&Options { device, precision, check: Check::Skip, ..options.clone() })
    }

    /// [`load`](Self::load), with burn computing even what our own kernels would: what they are tested against.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    #[doc(hidden)]
    pub fn load_on_burn(options: &Options) -> Result<Self> {
        load(options, Kernels::Burn).map(Self::new)
    }

    fn new(loaded: Loaded) -> Self {
        let Loaded { card, scoring, engine, model_error, notes } = loaded;
        Self { card, requirements: scoring.requirements(), scoring, engine, model_error, notes: Mutex::new(notes) }
    }

    /// What a report says of this model.
    #[must_use]
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// Which instructions our own kernels use, if it is they that run.
    #[must_use]
    pub fn instruction_set(&self) -> Option<InstructionSet> {
        self.engine.instruction_set()
    }

    /// Instructions that `READSEEKER_CPU` asks for in vain, and what there is instead.
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

    /// The k of its k-mers.
    #[must_use]
    pub fn k(&self) -> usize {
        self.requirements.k
    }

    /// The most k-mers of a row it reads, if it does not read all.
    #[must_use]
    pub fn longest_row(&self) -> Option<usize> {
        self.requirements.longest_row
    }

    /// Bases of the windows that long reads are scored in, where the user asks for windows; one base more fits too.
    #[must_use]
    pub fn window_length(&self) -> usize {
        self.requirements.window_length
    }

    /// The fewest bases a read must have for its prediction to mean anything.
    #[must_use]
    pub fn shortest_read(&self) -> usize {
        self.requirements.shortest_read
    }

    /// Whether its predictions have frames.
    #[must_use]
    pub fn tells_frames(&self) -> bool {
        self.requirements.tells_frames
    }

    /// How far off its log odds may be in a genome that is new to it.
    #[must_use]
    pub fn model_error(&self) -> f64 {
        self.model_error
    }

    /// How many threads should call [`classify`](Self::classify) at once.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.engine.workers()
    }

    /// The most rows a chunk should hold, so that neither an interrupt nor the progress bar waits long for one.
    #[must_use]
    pub fn rows_per_chunk(&self) -> usize {
        self.engine.rows_per_call(self.card.parameters)
    }

    /// What the user should know and was not told before, such as a batch that did not fit the device.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes = std::mem::take(&mut *self.notes.lock().unwrap_or_else(PoisonError::into_inner));
        notes.extend(self.engine.notes());
        notes
    }

    /// One prediction for each row, in row order; a row's does not depend on the others.
    ///
    /// # Errors
    /// [`Error::Device`] when the device fails even with a single row, and [`Error::NotFinite`] when the weights overflow.
    pub fn classify(&self, tokens: &Tokens) -> Result<Predictions> {
        self.classify_rows(&tokens.rows().collect::<Vec<_>>())
    }

    /// [`classify`](Self::classify) for rows wherever they lie; they may overlap.
    ///
    /// # Errors
    /// As [`classify`](Self::classify).
    pub fn classify_rows(&self, rows: &[&[u16]]) -> Result<Predictions> {
        let seen: Vec<_> = rows.iter().map(|row| self.scoring.seen(row)).collect();
        let seen: Vec<&[u16]> = seen.iter().map(|row| &**row).collect();
        let logits = self.engine.logits(&self.scoring.network_rows(&seen))?;
        let predictions = self.scoring.predictions(rows, &logits);
        let finite = predictions.iter().all(|prediction| prediction.probability.is_finite());
        if finite { Ok(predictions) } else { Err(Error::NotFinite) }
    }
}
