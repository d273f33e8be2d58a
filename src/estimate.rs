//! Extrapolates from a run on part of the input to all of it, as a look before a big run.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::progress::share;

/// The expected result of a run on all of the input.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The number of reads.
    pub reads: u64,
    /// The share of coding reads.
    pub coding: f64,
    /// The 95 % confidence interval of that share, if the reads seen are like the rest.
    pub coding_95: [f64; 2],
    /// The number of verdicts the estimate is based on: mates judged together count once.
    #[serde(default)]
    pub verdicts: u64,
    /// Wall time on the same machine. It is a little high, as reading the templates that a sample leaves out has been
    /// paid for already. On a GPU it is far too high after a short look, since the time for compiling is scaled too.
    pub wall_seconds: f64,
}

/// The result of a run on part of the input.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// The number of reads that the run wrote.
    pub reads: u64,
    /// The number of these reads that are coding.
    pub coding: u64,
    /// The number of verdicts: mates judged together count once.
    pub verdicts: u64,
    /// The number of reads in all of the input for each read written.
    pub scale: f64,
    /// The wall time of the run.
    pub wall: Duration,
}

impl Estimate {
    /// Extrapolates from `part`; `None` if no reads were written or the scale is not finite.
    #[must_use]
    pub fn from_part(part: &Part) -> Option<Self> {
        let Part { reads, coding, verdicts, scale, wall } = *part;
        if reads == 0 || !scale.is_finite() {
            return None;
        }
        let coding = share(coding, reads);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an estimate"
        )]
        let all = (reads as f64 * scale).round() as u64;
        Some(Self {
            reads: all,
            coding,
            coding_95: wilson(coding, verdicts),
            verdicts,
            wall_seconds: wall.as_secs_f64() * scale,
        })
    }
}

/// Wilson's score interval (1927) at 95 % for a `share` observed among `n`.
#[expect(clippy::cast_precision_loss, reason = "an interval for people to read")]
fn wilson(share: f64, n: u64) -> [f64; 2] {
    const Z: f64 = 1.96;
    let n = n.max(1) as f64;
    let middle = share + Z * Z / (2.0 * n);
    let half = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    [middle - half, middle + half].map(|bound| (bound / (1.0 + Z * Z / n)).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_is_scaled_to_the_whole() {
        let part = Part { reads: 1000, coding: 600, verdicts: 500, scale: 10.0, wall: Duration::from_secs(3) };
        let estimate = Estimate::from_part(&part).unwrap();
        assert_eq!((estimate.reads, estimate.coding, estimate.wall_seconds), (10_000, 0.6, 30.0));
        // Newcombe (1998), Statistics in Medicine 17:857, gives 15 of 148 as .0624 to .1605.
        let [low, high] = wilson(15.0 / 148.0, 148);
        assert!((low - 0.0624).abs() < 1e-4 && (high - 0.1605).abs() < 1e-4, "{low} {high}");
    }

    #[test]
    fn nothing_says_nothing() {
        let part = Part { reads: 0, coding: 0, verdicts: 0, scale: 10.0, wall: Duration::from_secs(3) };
        assert_eq!(Estimate::from_part(&part), None);
    }
}
