//! All measures at once.

use serde::Serialize;

use super::calibration::{self, calibration};
use super::confusion::Confusion;
use super::curve::Curve;
use super::scored::Scored;
use super::shares::over;

/// How good a set of probabilities is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measures {
    /// How many reads there are.
    pub reads: u64,
    /// How many of them are coding.
    pub coding: u64,
    /// How many go where, at the threshold.
    pub confusion: Confusion,
    /// Reads that are called right.
    pub accuracy: Option<f64>,
    /// The interval that holds the accuracy with a confidence of 95 % (Wilson).
    pub accuracy_95: Option<[f64; 2]>,
    /// The mean of recall and specificity.
    pub balanced_accuracy: Option<f64>,
    /// Of those called coding, how many are.
    pub precision: Option<f64>,
    /// Of those that are coding, how many are called so.
    pub recall: Option<f64>,
    /// Of those that are not coding, how many are called so.
    pub specificity: Option<f64>,
    /// The harmonic mean of precision and recall.
    pub f1: Option<f64>,
    /// Matthews's correlation coefficient.
    pub mcc: Option<f64>,
    /// The area under the ROC curve.
    pub roc_auc: Option<f64>,
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
            accuracy: confusion.accuracy(),
            accuracy_95: confusion.accuracy_95(),
            balanced_accuracy: confusion.balanced_accuracy(),
            precision: confusion.precision(),
            recall: confusion.recall(),
            specificity: confusion.specificity(),
            f1: confusion.f1(),
            mcc: confusion.mcc(),
            roc_auc: curve.roc_auc(),
            pr_auc: curve.average_precision(),
            brier: over(scored.iter().map(squared).sum(), scored.len() as u64),
            calibration_error: calibration::error(&calibration(scored)),
        }
    }
}
