//! A share of coding reads that follows the composition of a read.

use serde::{Deserialize, Serialize};

use super::evidence::{CG_SCALE, excess_cg};

/// How a share's log odds follow the CG of a read.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Those in a read with `center` [excess CG](excess_cg).
    pub log_odds: f64,
    /// How much they grow for each standard deviation more of it.
    pub slope: f64,
    /// The sample's mean.
    pub center: f64,
}

impl Line {
    /// The same for all reads.
    pub(super) fn flat(log_odds: f64) -> Self {
        Self { log_odds, slope: 0.0, center: 0.0 }
    }

    /// With so few digits that it is read back from a report as it was written.
    pub(super) fn rounded(self) -> Self {
        let rounded = |value: f64| (value * 1e6).round() / 1e6;
        Self { log_odds: rounded(self.log_odds), slope: rounded(self.slope), center: rounded(self.center) }
    }

    /// In a read with these bases.
    pub(super) fn at(self, bases: &[u8]) -> f64 {
        if self.slope == 0.0 {
            return self.log_odds;
        }
        self.log_odds + self.slope * (f64::from(excess_cg(bases)) - self.center) / CG_SCALE
    }
}
