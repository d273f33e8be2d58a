//! Compares a model on one path with the plain one, on more reads than the check before a run: `readseeker selftest`.

use super::card::Card;
use super::classifier::Classifier;
use super::error::Result;
use super::options::{Check, Options};
use super::precision::Precision;
use super::random::random_reads;
use crate::kmer;
use crate::tokens::Tokens;

/// The lengths of the reads in bases: short, long, around the longest that a BERT reads whole, and in several windows
/// of a compact model.
const LENGTHS: [usize; 10] = [150, 300, 60, 101, 75, 250, 301, 302, 151, 1000];

/// The difference between a path and the plain one.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The model and its device.
    pub card: Card,
    /// The number of reads scored on both.
    pub reads: usize,
    /// The largest difference between two probabilities.
    pub largest: f32,
    /// The largest difference that rounding explains.
    pub bound: f32,
}

/// Scores reads on the path that `options` select, and on burn's CPU path in f32, which shares no kernel with the
/// others.
///
/// # Errors
/// The errors of [`Classifier::load`] and [`Classifier::classify`].
pub fn compare(options: &Options) -> Result<Comparison> {
    /// Parameters times reads that are affordable: more than enough for a small network, some seconds for a BERT.
    const AFFORDABLE: usize = 800_000_000;
    let options = Options { check: Check::Skip, ..options.clone() };
    let tested = Classifier::load(&options)?;
    let plain = Classifier::load_plain(&options)?;
    let reads = (AFFORDABLE / tested.card().parameters.max(1)).clamp(LENGTHS.len() - 1, 200);
    let tokens = tokens(&tested, reads);
    let (answers, expected) = (tested.classify(&tokens)?, plain.classify(&tokens)?);
    let apart = answers.iter().zip(expected.iter()).map(|(one, other)| (one.probability - other.probability).abs());
    Ok(Comparison {
        card: tested.card().clone(),
        reads,
        largest: apart.fold(0.0, f32::max),
        bound: bound(options.precision),
    })
}

fn tokens(classifier: &Classifier, reads: usize) -> Tokens {
    let mut tokens = Tokens::default();
    for (read, length) in random_reads(1000, reads).iter().zip(LENGTHS.into_iter().cycle()) {
        kmer::tokenize(&read[..length], classifier.k(), classifier.longest_row(), &mut tokens.ids);
        tokens.end_row();
    }
    tokens
}

/// The largest difference between two probabilities that rounding explains.
fn bound(precision: Precision) -> f32 {
    match precision {
        Precision::F32 => 1e-4,
        Precision::F16 => 0.02,
        Precision::Bf16 => 0.05,
        Precision::Int8 => 0.2,
    }
}
