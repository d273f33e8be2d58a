//! The score of a path as a function of the prior. Pure.

/// A path as a line over the prior: its score falls by the weight for each position that is none and each unit of the
/// prior's log odds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Line {
    /// The score at even prior odds.
    pub(super) score: f64,
    /// The number of positions that are none.
    pub(super) none: usize,
}

impl Line {
    /// Creates the line of a path that has this score at a prior, given as log odds times the weight. If the prior is
    /// infinite, no position may be none.
    #[expect(clippy::cast_precision_loss, reason = "no read has 2^52 positions")]
    pub(super) fn of(score: f64, none: usize, prior: f64) -> Self {
        Self { score: if none == 0 { score } else { score + prior * none as f64 }, none }
    }

    /// The score at a prior, given as log odds times the weight.
    #[expect(clippy::cast_precision_loss, reason = "no read has 2^52 positions")]
    pub(super) fn at(&self, prior: f64) -> f64 {
        self.score - prior * self.none as f64
    }

    pub(super) fn is_mostly_none(&self, positions: usize) -> bool {
        2 * self.none > positions
    }

    /// The prior log odds, times the weight, at which this path scores the same as one with more positions that are
    /// none.
    #[expect(clippy::cast_precision_loss, reason = "no read has 2^52 positions")]
    pub(super) fn meets(&self, other: &Self) -> f64 {
        (other.score - self.score) / (other.none - self.none) as f64
    }
}
