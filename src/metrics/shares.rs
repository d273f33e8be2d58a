//! Shares of a whole, which may be empty.

/// The quantile of the standard normal distribution for a two-sided 95 % interval.
pub(super) const Z_95: f64 = 1.959_963_984_540_054;

/// The share of a part; `None` if the whole is empty.
#[must_use]
pub fn share(part: u64, whole: u64) -> Option<f64> {
    over(number(part), whole)
}

/// Wilson's 95 % interval for a share.
#[must_use]
pub fn share_95(part: u64, whole: u64) -> Option<[f64; 2]> {
    let (share, n) = (share(part, whole)?, number(whole));
    let middle = share + Z_95 * Z_95 / (2.0 * n);
    let reach = Z_95 * (share * (1.0 - share) / n + Z_95 * Z_95 / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z_95 * Z_95 / n;
    Some([(middle - reach) / scale, (middle + reach) / scale])
}

pub(super) fn over(sum: f64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| sum / number(whole))
}

#[expect(clippy::cast_precision_loss, reason = "no table has 2^52 reads")]
pub(super) fn number(count: u64) -> f64 {
    count as f64
}
