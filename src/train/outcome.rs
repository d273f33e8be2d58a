//! What became of a training.

use serde::{Deserialize, Serialize};

use crate::error::Signal;
use crate::metrics::{Measures, Scored};

/// What became of a training.
#[derive(Debug)]
pub struct Trained {
    /// Reads that were learnt from.
    pub reads: usize,
    /// Reads that were not, and why, for people.
    pub left_out: Vec<(&'static str, usize)>,
    /// How many are held out.
    pub held_out: usize,
    /// What the held-out reads say of the model before, and of the one that is written.
    pub looks: Option<[Look; 2]>,
    /// Whether its calibration is still that of the model it began with, as too few reads are held out to fit another.
    pub keeps_calibration: bool,
    /// The signal that ended it early.
    pub interrupted: Option<Signal>,
}

/// What the held-out reads say of a model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// Reads that are called right.
    pub accuracy: f64,
    /// The area under the ROC curve, if both classes are there.
    pub roc_auc: Option<f64>,
    /// The mean squared error of the probabilities.
    pub brier: f64,
}

impl Look {
    /// What some probabilities are worth; none of no reads.
    pub(super) fn at(scored: &[Scored]) -> Option<Self> {
        let Measures { rates, roc_auc, brier, .. } = Measures::of(scored, 0.5);
        Some(Self { accuracy: rates.accuracy?, roc_auc, brier: brier? })
    }
}
