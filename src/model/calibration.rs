//! Calibration from log odds to a probability: a scale and a shift, which depend on the length of the read.

use serde::Deserialize;

use super::load_error::Requirement;

/// A scale and a shift at several lengths, with interpolation between them.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Calibration {
    /// The lengths in bases, ascending, at which scale and shift are given.
    pub(super) lengths: Vec<f64>,
    /// The factor of log odds at each length.
    pub(super) scale: Vec<f64>,
    /// What is added to log odds at each length.
    pub(super) shift: Vec<f64>,
}

impl Calibration {
    /// The requirements on the calibration.
    pub(super) fn requirements(&self) -> [Requirement; 3] {
        let Self { lengths, scale, shift } = self;
        let is_finite = |numbers: &[f64]| numbers.iter().all(|number| number.is_finite());
        let ascends = !lengths.is_empty() && lengths.windows(2).all(|two| two[0] < two[1]);
        let scales = scale.len() == lengths.len() && scale.iter().all(|&scale| scale > 0.0);
        [
            ("calibration.lengths", ascends && is_finite(lengths), "ascending numbers"),
            ("calibration.scale", scales && is_finite(scale), "a positive number for each length"),
            ("calibration.shift", shift.len() == lengths.len() && is_finite(shift), "a number for each length"),
        ]
    }

    /// The probability of coding for a read of `length` bases with these log odds.
    pub(super) fn probability(&self, log_odds: f64, length: usize) -> f64 {
        sigmoid(self.at(length, &self.scale) * log_odds + self.at(length, &self.shift))
    }

    fn at(&self, length: usize, values: &[f64]) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "no read has 2^52 bases")]
        let length = length as f64;
        let after = self.lengths.partition_point(|&knot| knot < length);
        if after == 0 {
            return values[0];
        }
        if after == values.len() {
            return values[after - 1];
        }
        let (left, right) = (self.lengths[after - 1], self.lengths[after]);
        let (low, high) = (values[after - 1], values[after]);
        low + (high - low) * (length - left) / (right - left)
    }
}

/// No calibration: log odds stay as they are.
impl Default for Calibration {
    fn default() -> Self {
        Self { lengths: vec![0.0], scale: vec![1.0], shift: vec![0.0] }
    }
}

/// Converts log odds to a probability.
pub(super) fn sigmoid(x: f64) -> f64 {
    let small = (-x.abs()).exp();
    if x >= 0.0 { 1.0 / (1.0 + small) } else { small / (1.0 + small) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(calibration: &Calibration) -> bool {
        calibration.requirements().iter().all(|&(_, holds, _)| holds)
    }

    #[test]
    fn scale_and_shift_are_interpolated_and_clamped() {
        let calibration = Calibration { lengths: vec![100.0, 200.0], scale: vec![1.0, 2.0], shift: vec![0.0, 1.0] };
        assert!(holds(&calibration));
        for (length, x) in [(50, 1.0), (150, 2.0), (9000, 3.0)] {
            let expected = 1.0 / (1.0 + f64::exp(-x));
            assert!((calibration.probability(1.0, length) - expected).abs() < 1e-12, "{length}");
        }
        assert!((Calibration::default().probability(-3.0, 77) - sigmoid(-3.0)).abs() < 1e-12);
    }

    #[test]
    fn what_cannot_be_used_is_found() {
        let good = Calibration { lengths: vec![100.0, 200.0], scale: vec![1.0, 2.0], shift: vec![0.0, 1.0] };
        for bad in [
            Calibration { lengths: vec![], scale: vec![], shift: vec![] },
            Calibration { lengths: vec![200.0, 100.0], ..good.clone() },
            Calibration { scale: vec![1.0], ..good.clone() },
            Calibration { scale: vec![1.0, -1.0], ..good.clone() },
            Calibration { shift: vec![0.0], ..good.clone() },
            Calibration { shift: vec![0.0, f64::NAN], ..good },
        ] {
            assert!(!holds(&bad), "{bad:?}");
        }
    }
}
