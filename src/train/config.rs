//! The settings of a training.

use std::path::PathBuf;
use std::time::Duration;

use crate::model::{self, Recipe};

/// What to train, on what, and how.
#[derive(Debug)]
pub struct TrainConfig {
    /// The table of labelled reads.
    pub reads: PathBuf,
    /// The model it starts from, and where it is trained.
    pub from: model::Options,
    /// Whether it starts from random weights, for a network of that model's shape.
    pub from_scratch: bool,
    /// The directory to create.
    pub output: PathBuf,
    /// What differs from the family's recipe.
    pub changes: Changes,
    /// Which reads are kept for measuring.
    pub hold_out: HoldOut,
    /// After how long it ends, if not before.
    pub time: Option<Duration>,
    /// How often its state is saved, to go on from after a kill.
    pub save_every: Duration,
    /// The order of the reads, and which are held out.
    pub seed: u64,
    /// A table of the steps.
    pub log: Option<PathBuf>,
    /// The command line.
    pub command: Vec<String>,
    /// Whether stderr shows nothing but errors meanwhile.
    pub quiet: bool,
}

/// What differs from a family's recipe.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Changes {
    /// How often each read is seen.
    pub epochs: Option<usize>,
    /// Reads of a step.
    pub batch_size: Option<usize>,
    /// The highest learning rate.
    pub rate: Option<f64>,
    /// The share of the training in which the rate rises to that.
    pub warm_up: Option<f64>,
    /// The share of numbers that are left out at random.
    pub dropout: Option<f64>,
}

/// Which reads are kept for measuring.
#[derive(Clone, Debug, PartialEq)]
pub enum HoldOut {
    /// A share of all.
    Share(f64),
    /// Those of these groups.
    Groups(Vec<String>),
}

impl Changes {
    /// The recipe with these changes.
    pub(super) fn of(self, recipe: Recipe) -> Recipe {
        Recipe {
            epochs: self.epochs.unwrap_or(recipe.epochs),
            batch_size: self.batch_size.unwrap_or(recipe.batch_size),
            rate: self.rate.unwrap_or(recipe.rate),
            warm_up: self.warm_up.unwrap_or(recipe.warm_up),
            dropout: self.dropout.unwrap_or(recipe.dropout),
            ..recipe
        }
    }
}
