//! Whether probabilities are what they say: of reads with a probability of 0.8, eight in ten should be coding.

use serde::Serialize;

use super::scored::Scored;
use super::shares::{number, over, share};

/// How many bins there are.
const BINS: u8 = 10;

/// Reads whose probabilities are about the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct CalibrationBin {
    /// How many reads there are.
    pub reads: u64,
    /// The mean of their probabilities.
    pub probability: f64,
    /// The share of those that are coding.
    pub coding: f64,
}

/// Ten bins of equal width; those without a read are left out. A probability on the border belongs to the lower bin.
#[must_use]
pub fn calibration(scored: &[Scored]) -> Vec<CalibrationBin> {
    let mut sums = [(0, 0, 0.0); BINS as usize];
    for read in scored {
        let probability = f64::from(read.probability);
        let bin = (1..BINS).filter(|&border| f64::from(border) * 0.1 < probability).count();
        let (reads, coding, sum) = &mut sums[bin];
        *reads += 1;
        *coding += u64::from(read.is_coding);
        *sum += probability;
    }
    let bin = |(reads, coding, sum)| {
        Some(CalibrationBin { reads, probability: over(sum, reads)?, coding: share(coding, reads)? })
    };
    sums.into_iter().filter_map(bin).collect()
}

/// The mean distance between probability and share of coding reads, over reads.
pub(super) fn error(bins: &[CalibrationBin]) -> Option<f64> {
    let distance = |bin: &CalibrationBin| number(bin.reads) * (bin.probability - bin.coding).abs();
    over(bins.iter().map(distance).sum(), bins.iter().map(|bin| bin.reads).sum())
}
