//! The threshold that reaches a target for recall or precision, and the other measures there.

use serde::Serialize;

use super::curve::{Curve, Point};
use super::rates::{Counted, Rates};
use super::shares::number;

/// A target for a threshold: a minimum recall or precision.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// The least share of coding reads that must be called coding.
    Recall(f64),
    /// The least share of reads called coding that must be coding.
    Precision(f64),
}

/// A threshold and the measures there.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct OperatingPoint {
    /// The least probability of a read called coding.
    pub threshold: f32,
    /// The measures at the threshold.
    #[serde(flatten)]
    pub rates: Rates,
}

impl Curve {
    /// The threshold that reaches a target, if any does, for this share of coding reads; `None` stands for the share
    /// among these reads.
    ///
    /// For a recall, this is the highest threshold that reaches it, which calls the fewest non-coding reads coding. For
    /// a precision, it is the lowest one, which finds the most coding reads.
    #[must_use]
    pub fn operating_point(&self, wanted: Wanted, share: Option<f64>) -> Option<OperatingPoint> {
        let (coding, noncoding) = self.totals()?;
        let weights = share.map_or([1.0, 1.0], |share| [share / number(coding), (1.0 - share) / number(noncoding)]);
        let at = |point: &Point| Counted {
            true_coding: weights[0] * number(point.true_coding),
            false_noncoding: weights[0] * number(coding - point.true_coding),
            false_coding: weights[1] * number(point.false_coding),
            true_noncoding: weights[1] * number(noncoding - point.false_coding),
        };
        let has = |rate: Option<f64>, least: f64| rate.is_some_and(|rate| rate >= least);
        let mut points = self.points().iter();
        let found = match wanted {
            // Computed from counts, not weights: rounding must not make it miss a recall of 1.
            Wanted::Recall(least) => points.find(|point| number(point.true_coding) / number(coding) >= least),
            Wanted::Precision(least) => points.rfind(|point| has(at(point).precision(), least)),
        };
        found.map(|point| OperatingPoint { threshold: point.threshold, rates: at(point).rates() })
    }
}
