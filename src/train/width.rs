//! Estimates how far off a trained model may be in another genome. Its training genomes do not tell: it is surer of
//! them than of others.
//!
//! So the model is assumed to know no more of other genomes than the initial one. Its error is set such that, on reads
//! that show how sure it has become, the interval of the share of coding reads is as wide as before.

use super::reading::Reads;
use crate::error::Result;
use crate::model::Trainer;
use crate::prior::{Evidence, error_of_width, width};

/// The number of reads that suffices to show how sure a model is.
const ENOUGH: usize = 5000;

/// The width of the interval for the current model; `None` if it starts from random weights.
pub(super) fn before(trainer: &Trainer, reads: &Reads) -> Result<Option<f64>> {
    match trainer.model_error() {
        Some(error) => Ok(Some(width(&evidence(trainer, reads)?, error))),
        None => Ok(None),
    }
}

/// The error of the model's log odds at which the interval has this `width`.
pub(super) fn error_after(trainer: &Trainer, reads: &Reads, width: f64) -> Result<f64> {
    let least = trainer.model_error().unwrap_or(0.0);
    let error = error_of_width(&evidence(trainer, reads)?, width, least);
    // Rounded as it is written: more digits mean nothing.
    Ok((error * 1000.0).round() / 1000.0)
}

/// The evidence in the held-out reads; if there are none, in those to learn from.
fn evidence(trainer: &Trainer, reads: &Reads) -> Result<Vec<Evidence>> {
    let mut shown: Vec<&[u8]> = reads.held_out.iter().map(|read| read.example.bases.as_slice()).collect();
    if shown.is_empty() {
        shown.extend(reads.taught.iter().map(|example| example.bases.as_slice()));
    }
    let every = shown.len().div_ceil(ENOUGH).max(1);
    let shown: Vec<&[u8]> = shown.into_iter().step_by(every).collect();
    let predictions = trainer.predictions(shown.iter().copied())?;
    Ok(predictions.iter().zip(shown).map(|(one, bases)| Evidence::new(one.probability, bases)).collect())
}
