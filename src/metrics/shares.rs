//! Parts of a whole, which may be nothing.

/// A part of a whole, if there is a whole.
pub(super) fn share(part: u64, whole: u64) -> Option<f64> {
    over(number(part), whole)
}

pub(super) fn over(sum: f64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| sum / number(whole))
}

#[expect(clippy::cast_precision_loss, reason = "no table has 2^52 reads")]
pub(super) fn number(count: u64) -> f64 {
    count as f64
}
