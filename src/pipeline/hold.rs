//! Holds back the first templates until the sample's share of coding reads has been estimated from them.
//!
//! Which templates count depends on the input alone: as many as asked for, or as fit into a part of the memory. How the
//! input is cut into chunks does not matter, so the estimate is the same for any number of threads.

use crate::error::Result;
use crate::outputs::Outputs;
use crate::prediction::Answers;
use crate::prior::{Basis, Evidence, Prior, Reason};
use crate::reads::Template;

/// The held templates, and the evidence from those that count.
#[derive(Debug)]
pub(super) struct Hold {
    templates_left: usize,
    bytes_left: usize,
    model_error: f64,
    evidence: Vec<Evidence>,
    held: Vec<(Vec<Template>, Answers)>,
}

impl Hold {
    /// Creates a hold that is full at `templates` templates or at `bytes` bytes, whichever comes first.
    pub(super) fn new(templates: usize, bytes: usize, model_error: f64) -> Self {
        Self { templates_left: templates, bytes_left: bytes, model_error, evidence: Vec::new(), held: Vec::new() }
    }

    /// Holds the next chunk.
    pub(super) fn push(&mut self, templates: Vec<Template>, answers: Answers) {
        let mut of = answers.iter();
        for template in &templates {
            if self.is_full() {
                break;
            }
            for (segment, predictions) in template.segments.iter().zip(&mut of) {
                self.evidence.extend(predictions.iter().map(|one| Evidence::new(one.probability, segment.bases())));
            }
            self.templates_left -= 1;
            self.bytes_left = self.bytes_left.saturating_sub(template.bytes());
        }
        drop(of);
        self.held.push((templates, answers));
    }

    pub(super) fn is_full(&self) -> bool {
        self.templates_left == 0 || self.bytes_left == 0
    }

    fn prior(&self) -> Prior {
        let prior = Prior::estimated(&self.evidence, self.model_error);
        let are_too_few = prior.basis == Basis::NotEstimated(Reason::TooFewReads);
        if are_too_few && self.bytes_left == 0 { Prior::not_estimated(Reason::LittleMemory) } else { prior }
    }

    /// Estimates the prior and writes the held templates.
    pub(super) async fn release(self, outputs: &mut Outputs) -> Result<()> {
        outputs.assume(self.prior());
        for (templates, answers) in self.held {
            outputs.write(&templates, &answers).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prediction::Prediction;
    use crate::reads::Record;

    fn templates(count: usize) -> (Vec<Template>, Answers) {
        let template = || Template { segments: vec![Record::new(b"r", b"ACGT", b"")].into(), ..Template::default() };
        let predictions = vec![Prediction { probability: 0.5, frame: None }; count].into();
        ((0..count).map(|_| template()).collect(), Answers { counts: vec![1; count], predictions })
    }

    #[test]
    fn what_counts_does_not_depend_on_where_chunks_are_cut() {
        let bytes = templates(1).0[0].bytes();
        for (most, room, counted) in [(5, usize::MAX, 5), (100, 3 * bytes, 3), (100, 3 * bytes - 1, 3)] {
            for size in [1, 2, 7] {
                let mut hold = Hold::new(most, room, 1.0);
                while !hold.is_full() {
                    let (templates, answers) = templates(size);
                    hold.push(templates, answers);
                }
                assert_eq!(hold.evidence.len(), counted, "{most} {room} {size}");
                let reason = if room == usize::MAX { Reason::TooFewReads } else { Reason::LittleMemory };
                assert_eq!(hold.prior(), Prior::not_estimated(reason));
            }
        }
    }
}
