//! How far off a trained model may be in another genome. Its own genomes do not say: it is surer of them than of others.
//!
//! So it is taken to know no more of other genomes than the model it began with: reads that show how sure it has become leave the
//! share of coding reads as open as they did before.

use super::reading::Reads;
use crate::error::Result;
use crate::model::Trainer;
use crate::prior::{Evidence, error_of_width, width};

/// So many reads show how sure a model is.
const ENOUGH: usize = 5000;

/// How open the model leaves the share now; none of one that begins with random weights.
pub(super) fn before(trainer: &Trainer, reads: &Reads) -> Result<Option<f64>> {
    match trainer.model_error() {
        Some(error) => Ok(Some(width(&evidence(trainer, reads)?, error))),
        None => Ok(None),
    }
}

/// How far off the model's log odds may be now, if it left the share as open as this before.
pub(super) fn error_after(trainer: &Trainer, reads: &Reads, width: f64) -> Result<f64> {
    let least = trainer.model_error().unwrap_or(0.0);
    let error = error_of_width(&evidence(trainer, reads)?, width, least);
    // As it is written: more digits mean nothing.
    Ok((error * 1000.0).round() / 1000.0)
}

/// What the held-out reads show, or where none are held out, those that are learnt from.
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
