//! How good probabilities are, given the truth: the measures of the field, each as scikit-learn defines it. Pure.
//!
//! A measure that has no meaning is absent, such as the precision where nothing is called coding.

mod calibration;
mod confusion;
mod curve;

pub use calibration::{CalibrationBin, calibration};
pub use confusion::Confusion;
pub use curve::{Best, Curve, Point};

use serde::Serialize;

/// What a model says of a read, and what is true.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// The probability of coding.
    pub probability: f32,
    /// Whether the read is coding.
    pub is_coding: bool,
}

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

/// A part of a whole, if there is a whole.
fn share(part: u64, whole: u64) -> Option<f64> {
    over(number(part), whole)
}

fn over(sum: f64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| sum / number(whole))
}

#[expect(clippy::cast_precision_loss, reason = "no table has 2^52 reads")]
fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests;
