//! Fits the most likely share of coding reads, and an interval around it.

use super::evidence::{CG_SCALE, Evidence, log_odds, odds_to_share};
use super::line::Line;

/// The most that a read's own evidence counts, in log odds: no model is surer than that.
const STRONGEST: f64 = 7.0;

/// The penalty on a slope in log likelihood per read: half of this, times the slope's square. Chosen on mixtures of
/// mammalian and other reads, and on samples without mammals: the former gain, the latter lose nothing
/// (`docs/threshold.md` has the figures). Any value from 0.02 to 0.05 is as good.
const SLOPE_COST: f64 = 0.03;

/// By how much the log odds of the built-in models are off in a genome they have not seen: for 19 of 20 genomes by less
/// than this. The same is assumed for a model that does not state its own error.
pub const MODEL_ERROR: f64 = 1.6;

/// The largest error assumed for any model's log odds.
pub const MOST_ERROR: f64 = STRONGEST;

const NORMAL_95: f64 = 1.96;

/// The result of a fit.
pub(super) struct Fit {
    pub(super) line: Line,
    pub(super) share: f64,
    pub(super) interval: [f64; 2],
}

/// Fits the share to a non-empty sample, scored by a model with this error.
pub(super) fn fit(sample: &[Evidence], model_error: f64) -> Fit {
    let evidence: Vec<f64> = sample.iter().map(|read| strength(read.probability)).collect();
    let single = share(&evidence, 0.0);
    let count = count(sample);
    let center = sample.iter().map(|read| f64::from(read.excess_cg)).sum::<f64>() / count;
    let excess: Vec<f64> = sample.iter().map(|read| (f64::from(read.excess_cg) - center) / CG_SCALE).collect();
    let (log_odds, slope) = line(&evidence, &excess, log_odds(single));
    let posteriors = evidence.iter().zip(&excess).map(|(own, x)| odds_to_share((own + log_odds + slope * x).exp()));
    let share = posteriors.sum::<f64>() / count;
    Fit { line: Line { log_odds, slope, center }, share, interval: interval(&evidence, single, share, model_error) }
}

/// The range of a sample's share of coding reads, from end to end, that follows from the model's error alone.
#[must_use]
pub fn width(sample: &[Evidence], model_error: f64) -> f64 {
    let evidence: Vec<f64> = sample.iter().map(|read| strength(read.probability)).collect();
    share(&evidence, model_error) - share(&evidence, -model_error)
}

/// The model error at which a sample has this [`width`]; at least `least`, and at most [`MOST_ERROR`].
#[must_use]
pub fn error_of_width(sample: &[Evidence], wanted: f64, least: f64) -> f64 {
    let (mut low, mut high) = (least, MOST_ERROR.max(least));
    for _ in 0..20 {
        let guess = f64::midpoint(low, high);
        *(if width(sample, guess) < wanted { &mut low } else { &mut high }) = guess;
    }
    f64::midpoint(low, high)
}

/// Converts a probability to limited log odds.
fn strength(probability: f32) -> f64 {
    log_odds(f64::from(probability)).clamp(-STRONGEST, STRONGEST)
}

#[expect(clippy::cast_precision_loss, reason = "a count of reads")]
fn count<T>(sample: &[T]) -> f64 {
    sample.len() as f64
}

/// The most likely single share if the model's log odds were `shift` higher. The log likelihood is concave in the
/// share, so its slope tells on which side of a guess the maximum lies.
fn share(evidence: &[f64], shift: f64) -> f64 {
    let ratios: Vec<f64> = evidence.iter().map(|own| (own + shift).exp()).collect();
    let (mut low, mut high) = (1e-6, 1.0 - 1e-6);
    for _ in 0..40 {
        let guess = f64::midpoint(low, high);
        let slope: f64 = ratios.iter().map(|ratio| (ratio - 1.0) / (guess * ratio + 1.0 - guess)).sum();
        *(if slope > 0.0 { &mut low } else { &mut high }) = guess;
    }
    f64::midpoint(low, high)
}

/// The most likely (log odds, slope) of a share that depends on composition, starting from a guess of the log odds.
/// Each step weights the reads by their posteriors, as expectation-maximisation does, and then takes one Newton step.
fn line(evidence: &[f64], excess: &[f64], guess: f64) -> (f64, f64) {
    let cost = SLOPE_COST * count(evidence);
    let (mut a, mut b) = (guess, 0.0);
    for _ in 0..100 {
        let (mut ga, mut gb, mut haa, mut hab, mut hbb) = (0.0, -cost * b, 1e-6, 0.0, cost);
        for (own, x) in evidence.iter().zip(excess) {
            let prior = odds_to_share((a + b * x).exp());
            let missing = odds_to_share((own + a + b * x).exp()) - prior;
            let weight = prior * (1.0 - prior);
            ga += missing;
            gb += missing * x;
            haa += weight;
            hab += weight * x;
            hbb += weight * x * x;
        }
        let determinant = haa * hbb - hab * hab;
        let (da, db) = ((hbb * ga - hab * gb) / determinant, (haa * gb - hab * ga) / determinant);
        // If nearly all reads are of one class, a full step may overshoot.
        (a, b) = (a + da.clamp(-2.0, 2.0), b + db.clamp(-2.0, 2.0));
        a = a.clamp(-2.0 * STRONGEST, 2.0 * STRONGEST);
        if da.abs().max(db.abs()) < 1e-6 {
            break;
        }
    }
    (a, b)
}

/// The 95 % interval around `share`: chance, by the likelihood's curvature at the single share, and the model's own error.
fn interval(evidence: &[f64], single: f64, share: f64, model_error: f64) -> [f64; 2] {
    let information = evidence.iter().map(|own| {
        let ratio = own.exp();
        ((ratio - 1.0) / (single * ratio + 1.0 - single)).powi(2)
    });
    let chance = NORMAL_95 / information.sum::<f64>().max(1.0).sqrt();
    let off = |shift: f64| (self::share(evidence, shift) - single).hypot(chance);
    [(share - off(-model_error)).max(0.0), (share + off(model_error)).min(1.0)]
}
