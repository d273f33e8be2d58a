//! A share of coding reads that depends on the composition of a read.

use serde::{Deserialize, Serialize};

use super::evidence::{CG_SCALE, excess_cg};

/// The log odds of a share as a linear function of a read's CG.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The log odds for a read with `center` [excess CG](excess_cg).
    pub log_odds: f64,
    /// By how much the log odds grow per standard deviation of excess CG.
    pub slope: f64,
    /// The mean excess CG of the sample.
    pub center: f64,
}

impl Line {
    /// The same log odds for all reads.
    pub(super) fn flat(log_odds: f64) -> Self {
        Self { log_odds, slope: 0.0, center: 0.0 }
    }

    /// Rounds the numbers so that they are read back from a report exactly as written.
    pub(super) fn rounded(self) -> Self {
        let rounded = |value: f64| (value * 1e6).round() / 1e6;
        Self { log_odds: rounded(self.log_odds), slope: rounded(self.slope), center: rounded(self.center) }
    }

    /// The log odds for a read with these bases.
    pub(super) fn at(self, bases: &[u8]) -> f64 {
        if self.slope == 0.0 {
            return self.log_odds;
        }
        self.log_odds + self.slope * (f64::from(excess_cg(bases)) - self.center) / CG_SCALE
    }
}
