//! The share of coding reads that verdicts assume: given, or estimated from the reads themselves. Pure: knows no model
//! and no file.
//!
//! A model's probability assumes that half of all reads are coding. For another share, the posterior follows by
//! multiplying the odds of the probability by the odds of the share. Without labels, the share is the one under which
//! the sample's probabilities are most likely, as expectation-maximisation would find it.
//!
//! A sample may hold a host and its microbes, with a few per cent of coding reads in the one and nearly all in the
//! other. Vertebrates avoid CG, so the log odds of the share follow, in the same fit, how many CG a read has beyond
//! what its C and G make one expect. In a sample of one kind, this slope stays near zero.

mod evidence;
mod fit;
mod line;

pub use evidence::{Evidence, excess_cg};
use evidence::{log_odds, odds_to_share};
pub use fit::{MODEL_ERROR, MOST_ERROR, error_of_width, width};
pub use line::Line;

/// The number of templates at the start of the input from which the share is estimated.
pub const TEMPLATES: usize = 20_000;

/// The fewest scored reads for an estimate. A long read counts as one for every 300 bases.
pub const FEWEST: u64 = 500;
/// The fewest reads for an estimate if they are long: a few chromosomes are no sample.
pub const FEWEST_LONG: usize = 50;

/// Verdicts assume no estimated share closer to 0 or 1 than this: no sample of this size, and no model, tells such
/// shares apart.
const LEAST: f64 = 0.01;

/// If a larger share of the reads has a probability between 0.1 and 0.9, these reads are unknown to the model.
pub const MOST_UNSURE: f64 = 0.7;
/// The probabilities that count as unsure.
const UNSURE: std::ops::Range<f32> = 0.1..0.9;

/// The prior that was asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Setting {
    /// Estimate the share from the reads.
    Auto,
    /// Use this prior, without an estimate.
    Assumed(Prior),
}

/// The share of coding reads that the verdict assumes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prior {
    line: Line,
    /// Where the share comes from.
    pub basis: Basis,
}

/// Where a prior comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Basis {
    /// The user gave the share.
    Given,
    /// The share was estimated.
    Estimated(Estimate),
    /// The share was taken from the estimate of another run.
    Taken,
    /// The share could not be estimated.
    NotEstimated(Reason),
}

/// The estimate from a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The number of reads in the sample.
    pub reads: usize,
    /// The share of coding reads.
    pub share: f64,
    /// The 95 % interval of the share: due to chance, and to the model's error in a genome it has not seen.
    pub interval: [f64; 2],
}

/// Why the share was not estimated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Fewer scored reads than [`FEWEST`], or than [`FEWEST_LONG`].
    TooFewReads,
    /// Too few reads fitted into memory.
    LittleMemory,
    /// The model is unsure of most reads.
    Unsure,
    /// Reads were scored in windows, whose pooled value is not a probability.
    Windows,
}

impl Default for Prior {
    fn default() -> Self {
        Self::given(0.5)
    }
}

impl Prior {
    /// The prior with a given `share` between 0 and 1.
    #[must_use]
    pub fn given(share: f64) -> Self {
        Self { line: Line::flat(log_odds(share)), basis: Basis::Given }
    }

    /// The prior that another run estimated.
    #[must_use]
    pub fn taken(line: Line) -> Self {
        Self { line, basis: Basis::Taken }
    }

    /// The prior of one half, used if the share could not be estimated.
    #[must_use]
    pub fn not_estimated(reason: Reason) -> Self {
        Self { basis: Basis::NotEstimated(reason), ..Self::given(0.5) }
    }

    /// Estimates the prior from a sample. The model's log odds may be off by `model_error` in a genome unlike those it
    /// was trained on.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of reads")]
    pub fn estimated(sample: &[Evidence], model_error: f64) -> Self {
        let windows: u64 = sample.iter().map(|read| u64::from(read.windows)).sum();
        if windows < FEWEST || sample.len() < FEWEST_LONG {
            return Self::not_estimated(Reason::TooFewReads);
        }
        let unsure = sample.iter().filter(|read| UNSURE.contains(&read.probability)).count();
        if unsure as f64 > MOST_UNSURE * sample.len() as f64 {
            return Self::not_estimated(Reason::Unsure);
        }
        let fit::Fit { line, share, interval } = fit::fit(sample, model_error);
        let basis = Basis::Estimated(Estimate { reads: sample.len(), share, interval });
        Self { line: line.rounded(), basis }
    }

    /// How the prior depends on the CG of a read, if it was estimated; an argument for [`taken`](Self::taken).
    #[must_use]
    pub fn line(&self) -> Option<Line> {
        matches!(self.basis, Basis::Estimated(_) | Basis::Taken).then_some(self.line)
    }

    /// The share of coding reads among reads of average composition.
    #[must_use]
    pub fn share(&self) -> f64 {
        odds_to_share(self.clamped(self.line.log_odds).exp())
    }

    /// The posterior for a read with these bases.
    #[must_use]
    pub fn posterior(&self, probability: f32, bases: &[u8]) -> f32 {
        self.posteriors(bases)(probability)
    }

    /// Returns a function from probability to posterior, for a read with these bases or for its parts.
    #[expect(clippy::cast_possible_truncation, reason = "a probability")]
    pub fn posteriors(&self, bases: &[u8]) -> impl Fn(f32) -> f32 + use<> {
        let odds = self.odds(bases);
        move |probability| {
            let p = f64::from(probability);
            (odds * p / (odds * p + 1.0 - p)) as f32
        }
    }

    /// The probability at which a read of average composition has the posterior `threshold`.
    #[must_use]
    pub fn threshold_on_probability(&self, threshold: f32) -> f64 {
        let (t, odds) = (f64::from(threshold), self.clamped(self.line.log_odds).exp());
        t / (t + odds * (1.0 - t))
    }

    fn odds(&self, bases: &[u8]) -> f64 {
        self.clamped(self.line.at(bases)).exp()
    }

    /// Limits the log odds of an estimate, which must not be too sure of itself; a given share stays as it is.
    fn clamped(&self, log_odds: f64) -> f64 {
        let most = if self.basis == Basis::Given { f64::INFINITY } else { -evidence::log_odds(LEAST) };
        log_odds.clamp(-most, most)
    }
}

#[cfg(test)]
mod tests;
