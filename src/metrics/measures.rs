//! All measures of a set of probabilities.

use serde::Serialize;

use super::calibration::{self, calibration};
use super::confusion::Confusion;
use super::curve::Curve;
use super::rates::Rates;
use super::scored::Scored;
use super::shares::over;

/// The measures of a set of probabilities. Fields whose names end in `_95` are 95 % confidence intervals.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measures {
    /// The number of reads.
    pub reads: u64,
    /// The number of coding reads.
    pub coding: u64,
    /// The confusion matrix at the threshold.
    pub confusion: Confusion,
    /// The measures at the threshold.
    #[serde(flatten)]
    pub rates: Rates,
    /// Wilson's interval for the accuracy.
    pub accuracy_95: Option<[f64; 2]>,
    /// Wilson's interval for the precision.
    pub precision_95: Option<[f64; 2]>,
    /// Wilson's interval for the recall.
    pub recall_95: Option<[f64; 2]>,
    /// Wilson's interval for the specificity.
    pub specificity_95: Option<[f64; 2]>,
    /// The area under the ROC curve.
    pub roc_auc: Option<f64>,
    /// De Long's interval for the area under the ROC curve.
    pub roc_auc_95: Option<[f64; 2]>,
    /// The area under the precision-recall curve: average precision.
    pub pr_auc: Option<f64>,
    /// The Brier score: the mean squared error of the probabilities.
    pub brier: Option<f64>,
    /// The distance of probabilities from the share of coding reads, in ten bins.
    pub calibration_error: Option<f64>,
}

impl Measures {
    /// Computes all measures; reads with a probability of at least `threshold` are called coding.
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

    /// Clears the measures that need probabilities, for scores that only order the reads.
    pub fn forget_probabilities(&mut self) {
        (self.brier, self.calibration_error) = (None, None);
    }
}
