//! The difference between the logits of two engines, and the difference that rounding explains. Pure.

use super::precision::Precision;

/// The difference between two engines.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Difference {
    /// The largest difference between two logits; infinite if one is not finite.
    pub(super) largest: f32,
    /// The largest difference that rounding explains.
    pub(super) bound: f32,
}

impl Difference {
    /// The difference between `logits` in some precision and those of the plain path in f32.
    pub(super) fn of(logits: &[f32], plain: &[f32], precision: Precision) -> Self {
        // In f32, probabilities then differ by 1e-4 at most. For a BERT in int8, half of this error in the logits is
        // usual.
        let relative = match precision {
            Precision::F32 => 4e-4,
            Precision::F16 => 0.05,
            Precision::Bf16 => 0.1,
            Precision::Int8 => 0.5,
        };
        // If all logits are small, zeros should not pass for rounding.
        let scale = plain.iter().fold(0.5_f32, |scale, logit| scale.max(logit.abs()));
        let apart = logits.iter().zip(plain).map(|(one, other)| (one - other).abs());
        let largest =
            apart.fold(0.0, |largest: f32, apart| if apart.is_nan() { f32::INFINITY } else { largest.max(apart) });
        Self { largest, bound: relative * scale }
    }

    /// Whether rounding explains the difference.
    pub(super) fn is_rounding(self) -> bool {
        self.largest <= self.bound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_passes_and_drift_does_not() {
        let plain = [0.5, -2.0];
        assert!(Difference::of(&[0.5, -2.0001], &plain, Precision::F32).is_rounding());
        assert!(!Difference::of(&[0.5, -2.01], &plain, Precision::F32).is_rounding());
        assert!(Difference::of(&[0.5, -2.01], &plain, Precision::F16).is_rounding());
        assert!(!Difference::of(&[0.0, 0.0], &[0.44, -0.3], Precision::Int8).is_rounding(), "nothing was computed");
        assert!(!Difference::of(&[f32::NAN, -2.0], &plain, Precision::Int8).is_rounding());
        assert!(!Difference::of(&[f32::INFINITY, -2.0], &plain, Precision::Int8).is_rounding());
    }
}
