//! Calibration of probabilities: of reads with a probability of 0.8, eight in ten should be coding.

use serde::Serialize;

use super::scored::Scored;
use super::shares::{number, over, share};

/// The number of bins.
const BINS: u8 = 10;

/// Reads with similar probabilities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct CalibrationBin {
    /// The number of reads.
    pub reads: u64,
    /// The mean of their probabilities.
    pub probability: f64,
    /// The share of coding reads.
    pub coding: f64,
}

/// Sorts reads into ten bins of equal width; bins without reads are left out. A probability on a border is in the lower
/// bin.
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

/// The expected calibration error: the mean distance over reads between the probability and the share of coding reads.
pub(super) fn error(bins: &[CalibrationBin]) -> Option<f64> {
    let distance = |bin: &CalibrationBin| number(bin.reads) * (bin.probability - bin.coding).abs();
    over(bins.iter().map(distance).sum(), bins.iter().map(|bin| bin.reads).sum())
}
