//! The settings of a training.

use std::path::PathBuf;
use std::time::Duration;

use crate::model::{self, Recipe};

/// The settings of a training: the model, the reads and the recipe.
#[derive(Debug)]
pub struct TrainConfig {
    /// The table of labelled reads.
    pub reads: PathBuf,
    /// The model to start from, and the device to train on.
    pub from: model::Options,
    /// Whether to start from random weights, in a network of the same shape.
    pub from_scratch: bool,
    /// The directory to create.
    pub output: PathBuf,
    /// Changes to the family's recipe.
    pub changes: Changes,
    /// Which reads are held out for measuring.
    pub hold_out: HoldOut,
    /// The time limit of the training.
    pub time: Option<Duration>,
    /// How often the state is saved, so that the training can be resumed after a kill.
    pub save_every: Duration,
    /// The seed for the order of the reads, and for which are held out.
    pub seed: u64,
    /// The path of a table of the steps.
    pub log: Option<PathBuf>,
    /// The command line.
    pub command: Vec<String>,
    /// Whether stderr shows only errors during the training.
    pub quiet: bool,
}

/// Changes to a family's recipe.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Changes {
    /// The number of epochs.
    pub epochs: Option<usize>,
    /// The number of reads in a step.
    pub batch_size: Option<usize>,
    /// The highest learning rate.
    pub rate: Option<f64>,
    /// The share of the training in which the learning rate rises to its highest value.
    pub warm_up: Option<f64>,
    /// The share of activations that are dropped at random.
    pub dropout: Option<f64>,
}

/// Which reads are held out for measuring.
#[derive(Clone, Debug, PartialEq)]
pub enum HoldOut {
    /// A share of all reads.
    Share(f64),
    /// The reads of these groups.
    Groups(Vec<String>),
}

impl Changes {
    /// Applies the changes to a recipe.
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
