//! The measures that follow from the confusion matrix at one threshold.

use serde::Serialize;

/// The measures at one threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Rates {
    /// The share of reads that are called right.
    pub accuracy: Option<f64>,
    /// The mean of recall and specificity.
    pub balanced_accuracy: Option<f64>,
    /// The share of coding reads among those called coding.
    pub precision: Option<f64>,
    /// The share of coding reads that are called coding.
    pub recall: Option<f64>,
    /// The share of non-coding reads that are called non-coding.
    pub specificity: Option<f64>,
    /// The harmonic mean of precision and recall.
    pub f1: Option<f64>,
    /// Matthews correlation coefficient.
    pub mcc: Option<f64>,
}

/// The confusion matrix: as counted, or with a weight for each class.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    pub(super) true_coding: f64,
    pub(super) false_coding: f64,
    pub(super) true_noncoding: f64,
    pub(super) false_noncoding: f64,
}

impl Counted {
    pub(super) fn precision(self) -> Option<f64> {
        part(self.true_coding, self.true_coding + self.false_coding)
    }

    pub(super) fn recall(self) -> Option<f64> {
        part(self.true_coding, self.true_coding + self.false_noncoding)
    }

    pub(super) fn rates(self) -> Rates {
        let Self { true_coding: tp, false_coding: fp, true_noncoding: tn, false_noncoding: fal } = self;
        let (recall, specificity) = (self.recall(), part(tn, tn + fp));
        let product = (tp + fp) * (tp + fal) * (tn + fp) * (tn + fal);
        Rates {
            accuracy: part(tp + tn, tp + tn + fp + fal),
            balanced_accuracy: recall.zip(specificity).map(|(one, other)| f64::midpoint(one, other)),
            precision: self.precision(),
            recall,
            specificity,
            f1: part(2.0 * tp, 2.0 * tp + fp + fal),
            mcc: (product > 0.0).then(|| (tp * tn - fp * fal) / product.sqrt()),
        }
    }
}

fn part(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}
