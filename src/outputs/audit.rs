//! Compares the model's predictions for some reads with those of a plain path.

use super::judged::{Judge, Judged};
use crate::error::{Error, Result};
use crate::prediction::Prediction;
use crate::tally::Audit;

/// Probabilities that differ by no more than this are equal up to rounding in f32, so that a differing label is chance.
const ROUNDING: f32 = 1e-4;

impl Audit {
    /// Compares the reads of one template; removes their predictions from the front of `plain`.
    ///
    /// # Errors
    /// [`Error::Audit`] for a read that gets another label on the plain path.
    pub(super) fn add(&mut self, judge: &Judge, judged: &[Judged<'_>], plain: &mut &[Prediction]) -> Result<()> {
        for (read, answer) in judged.iter().filter_map(|read| Some((read, read.answer?))) {
            let own = answer.predictions();
            let plain = plain.split_off(..own.len()).expect("the plain path is asked of each audited read");
            let expected = judge.answer(read.segment, plain).expect("a scored read has a prediction");
            let apart = |(one, other): (&Prediction, &Prediction)| (one.probability - other.probability).abs();
            let largest = own.iter().zip(plain).map(apart).fold(0.0, f32::max);
            self.reads += 1;
            self.largest = self.largest.max(largest);
            if answer.class == expected.class {
                continue;
            }
            if largest > ROUNDING {
                let (class, plain) = (answer.class, expected.prediction.probability);
                let read = read.segment.word();
                return Err(Error::Audit { read, class, probability: answer.prediction.probability, plain });
            }
            self.ties += 1;
        }
        Ok(())
    }
}
