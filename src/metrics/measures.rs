//! All measures at once.

use serde::Serialize;

use super::calibration::{self, calibration};
use super::confusion::Confusion;
use super::curve::Curve;
use super::rates::Rates;
use super::scored::Scored;
use super::shares::over;

/// How good a set of probabilities is. What ends in `_95` is an interval with a confidence of 95 %.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measures {
    /// How many reads there are.
    pub reads: u64,
    /// How many of them are coding.
    pub coding: u64,
    /// How many go where, at the threshold.
    pub confusion: Confusion,
    /// What follows from that.
    #[serde(flatten)]
    pub rates: Rates,
    /// Wilson's interval.
    pub accuracy_95: Option<[f64; 2]>,
    /// Wilson's interval.
    pub precision_95: Option<[f64; 2]>,
    /// Wilson's interval.
    pub recall_95: Option<[f64; 2]>,
    /// Wilson's interval.
    pub specificity_95: Option<[f64; 2]>,
    /// The area under the ROC curve.
    pub roc_auc: Option<f64>,
    /// De Long's interval.
    pub roc_auc_95: Option<[f64; 2]>,
    /// The area under the curve of precision and recall: average precision.
    pub pr_auc: Option<f64>,
    /// The mean squared error of the probabilities.
    pub brier: Option<f64>,
    /// How far probabilities are from shares of coding reads, in ten bins.
    pub calibration_error: Option<f64>,
}

impl Measures {
    /// All measures; reads are called coding from `threshold` on.
    #[must_use]
    pub fn of(scored: &[Scored], threshold: f32) -> Self {
        let confusion = Confusion::at(scored, threshold);
        let curve = Curve::of(scored);
        let squared = |read: &Scored| (f64::from(read.probability) - f64::from(u8::from(read.is_coding))).powi(2);
        Self {
            reads: confusion.reads(),
            coding: confusion.coding(),
            confusion,
            rates: confusion.rates(),
            accuracy_95: confusion.accuracy_95(),
            precision_95: confusion.precision_95(),
            recall_95: confusion.recall_95(),
            specificity_95: confusion.specificity_95(),
            roc_auc: curve.roc_auc(),
            roc_auc_95: curve.roc_auc_95(),
            pr_auc: curve.average_precision(),
            brier: over(scored.iter().map(squared).sum(), scored.len() as u64),
            calibration_error: calibration::error(&calibration(scored)),
        }
    }

    /// Leaves out what only probabilities have: the scores were numbers that order reads, no more.
    pub fn forget_probabilities(&mut self) {
        (self.brier, self.calibration_error) = (None, None);
    }
}
