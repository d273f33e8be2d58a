//! The share of coding reads that the verdict assumes, given or estimated from the reads themselves. Pure: knows no model
//! and no file.
//!
//! A model's probability assumes that half of all reads are coding. Where another share is, what follows is the posterior:
//! the odds are multiplied by the share's. Without labels, the share is that under which the sample's probabilities are most
//! likely, as expectation-maximisation would find it.
//!
//! Hosts and their microbes come in one sample, and the share of coding reads is a few per cent in the one and nearly all in
//! the other. Vertebrates avoid CG, so the share's log odds follow, in the same fit, how many CG a read has beside what its
//! C and G make one expect. A sample of one kind keeps a slope near zero.

mod evidence;
mod fit;
mod line;

pub use evidence::{Evidence, excess_cg};
use evidence::{log_odds, odds_to_share};
pub use fit::{MODEL_ERROR, MOST_ERROR, error_of_width, width};
pub use line::Line;

/// How many templates at the start of the input the estimate is made from.
pub const TEMPLATES: usize = 20_000;

/// Fewer scored reads give no estimate. A long read counts as one for every 300 bases.
pub const FEWEST: u64 = 500;
/// Fewer long ones give none either: a few chromosomes are no sample.
pub const FEWEST_LONG: usize = 50;

/// The verdict assumes no share nearer to 0 or 1: no sample of this size, and no model, tells such shares apart.
const LEAST: f64 = 0.01;

/// If a larger share of the reads has a probability between 0.1 and 0.9, the model does not know such reads.
pub const MOST_UNSURE: f64 = 0.7;
/// The probabilities that this counts.
const UNSURE: std::ops::Range<f32> = 0.1..0.9;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Setting {
    /// To be estimated from the reads.
    Auto,
    /// This one.
    Assumed(Prior),
}

/// The share of coding reads that the verdict assumes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prior {
    line: Line,
    /// Where it comes from.
    pub basis: Basis,
}

/// Where a prior comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Basis {
    /// Asked for.
    Given,
    /// Estimated.
    Estimated(Estimate),
    /// Estimated by another run.
    Taken,
    /// Should have been estimated, but could not be.
    NotEstimated(Reason),
}

/// What was found out of the sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// How many reads it is made from.
    pub reads: usize,
    /// The share of coding reads.
    pub share: f64,
    /// Its 95 % interval: chance, and how far the model may be off in a genome it has not seen.
    pub interval: [f64; 2],
}

/// Why there is no estimate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Fewer scored reads than [`FEWEST`], or than [`FEWEST_LONG`].
    TooFewReads,
    /// No more than that could be held in memory.
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
    /// As asked for; `share` is between 0 and 1.
    #[must_use]
    pub fn given(share: f64) -> Self {
        Self { line: Line::flat(log_odds(share)), basis: Basis::Given }
    }

    /// As another run estimated it.
    #[must_use]
    pub fn taken(line: Line) -> Self {
        Self { line, basis: Basis::Taken }
    }

    /// A half, since nothing better could be found out.
    #[must_use]
    pub fn not_estimated(reason: Reason) -> Self {
        Self { basis: Basis::NotEstimated(reason), ..Self::given(0.5) }
    }

    /// What a sample says of which a model said this whose log odds may be off by `model_error` in a genome that is new to it.
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

    /// How it follows the CG of reads, if it was estimated: what [`taken`](Self::taken) takes.
    #[must_use]
    pub fn line(&self) -> Option<Line> {
        matches!(self.basis, Basis::Estimated(_) | Basis::Taken).then_some(self.line)
    }

    /// The share of coding reads among reads of average composition.
    #[must_use]
    pub fn share(&self) -> f64 {
        odds_to_share(self.clamped(self.line.log_odds).exp())
    }

    /// The posterior of a read with these bases.
    #[must_use]
    pub fn posterior(&self, probability: f32, bases: &[u8]) -> f32 {
        self.posteriors(bases)(probability)
    }

    /// The posteriors of a read with these bases, and of its parts, by their probabilities.
    #[expect(clippy::cast_possible_truncation, reason = "a probability")]
    pub fn posteriors(&self, bases: &[u8]) -> impl Fn(f32) -> f32 + use<> {
        let odds = self.odds(bases);
        move |probability| {
            let p = f64::from(probability);
            (odds * p / (odds * p + 1.0 - p)) as f32
        }
    }

    /// The probability from which on a read of average composition has a posterior of `threshold`.
    #[must_use]
    pub fn threshold_on_probability(&self, threshold: f32) -> f64 {
        let (t, odds) = (f64::from(threshold), self.clamped(self.line.log_odds).exp());
        t / (t + odds * (1.0 - t))
    }

    fn odds(&self, bases: &[u8]) -> f64 {
        self.clamped(self.line.at(bases)).exp()
    }

    /// What was asked for is taken as it is; an estimate is kept from being too sure of itself.
    fn clamped(&self, log_odds: f64) -> f64 {
        let most = if self.basis == Basis::Given { f64::INFINITY } else { -evidence::log_odds(LEAST) };
        log_odds.clamp(-most, most)
    }
}

#[cfg(test)]
mod tests;
