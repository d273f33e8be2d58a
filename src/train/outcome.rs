//! The outcome of a training.

use serde::{Deserialize, Serialize};

use crate::error::Signal;
use crate::metrics::{Measures, Scored};

/// The outcome of a training.
#[derive(Debug)]
pub struct Trained {
    /// The number of reads that were learnt from.
    pub reads: usize,
    /// The number of reads left out, by reason, for people.
    pub left_out: Vec<(&'static str, usize)>,
    /// The number of reads held out.
    pub held_out: usize,
    /// The measures on held-out reads, for the initial and the written model.
    pub looks: Option<[Look; 2]>,
    /// Whether the calibration is still that of the initial model, since too few reads are held out to fit another.
    pub keeps_calibration: bool,
    /// The signal that ended it early.
    pub interrupted: Option<Signal>,
}

/// The measures of a model on the held-out reads.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// The share of reads that are called right.
    pub accuracy: f64,
    /// The area under the ROC curve, if there are reads of both classes.
    pub roc_auc: Option<f64>,
    /// The Brier score: the mean squared error of the probabilities.
    pub brier: f64,
}

impl Look {
    /// Measures these probabilities; `None` without reads.
    pub(super) fn at(scored: &[Scored]) -> Option<Self> {
        let Measures { rates, roc_auc, brier, .. } = Measures::of(scored, 0.5);
        Some(Self { accuracy: rates.accuracy?, roc_auc, brier: brier? })
    }
}
