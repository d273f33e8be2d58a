//! The threshold that meets a wanted recall or precision, and what else it gives.

use serde::Serialize;

use super::curve::{Curve, Point};
use super::rates::{Counted, Rates};
use super::shares::number;

/// What is wanted of a threshold: a least recall or a least precision.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// A share of the coding reads that must be called so.
    Recall(f64),
    /// A share of the reads called coding that must be.
    Precision(f64),
}

/// A threshold and what it gives.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct OperatingPoint {
    /// The probability from which on reads are called coding.
    pub threshold: f32,
    /// The measures there.
    #[serde(flatten)]
    pub rates: Rates,
}

impl Curve {
    /// The threshold that meets what is wanted, if any does, where this share of the reads is coding; none of these reads' own.
    ///
    /// Of those that have the recall it is the highest, which calls the fewest other reads coding. Of those that have the
    /// precision it is the lowest, which finds the most coding reads.
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
            // Of counts, not of weights: a recall of 1 must not be missed by a rounding.
            Wanted::Recall(least) => points.find(|point| number(point.true_coding) / number(coding) >= least),
            Wanted::Precision(least) => points.rfind(|point| has(at(point).precision(), least)),
        };
        found.map(|point| OperatingPoint { threshold: point.threshold, rates: at(point).rates() })
    }
}
