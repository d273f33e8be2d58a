//! A read on its way out: what the model said of it, and what follows from that.

use std::borrow::Cow;

use crate::class::Class;
use crate::prediction::{Frame, Prediction, Stretch};
use crate::prior::Prior;
use crate::reads::{Record, Score};
use crate::sample::Sample;
use crate::verdict::{Mates, Verdict, VerdictConfig};
use crate::windows::{Summary, Windows};

/// A read, what the model said of it, and what follows from that.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a> {
    /// The read.
    pub segment: &'a Record,
    /// What the model said; nothing of a read too short to be scored.
    pub answer: Option<Answer<'a>>,
    /// The posterior it is judged by: its own, or where mates are judged together, its pair's.
    pub posterior: Option<f32>,
    /// What follows from it.
    pub verdict: Verdict,
    /// Where it codes, as far as the model tells.
    pub stretches: &'a [Stretch],
    /// Whether those are more than "all of it".
    pub is_located: bool,
    /// Which output it went to: that of its class or `unpaired`; none of a run that only scores.
    pub output: Option<&'static str>,
}

/// What the model said of one read.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// Of the read as a whole.
    pub prediction: Prediction,
    /// How likely it is coding, given the sample's share of coding reads.
    pub posterior: f32,
    /// The read's own class, whatever its mate's: coding or non-coding.
    pub class: Class,
    /// Of its windows, where it was scored in windows.
    pub windows: Option<Windowed<'a>>,
}

/// What the model said of a read's windows.
#[derive(Clone, Copy, Debug)]
pub struct Windowed<'a> {
    /// Where they lie.
    pub windows: Windows,
    /// A prediction for each.
    pub predictions: &'a [Prediction],
    /// What they say together.
    pub summary: Summary,
}

impl<'a> Answer<'a> {
    /// All predictions it follows from.
    #[must_use]
    pub fn predictions(&self) -> Cow<'a, [Prediction]> {
        self.windows.map_or_else(|| vec![self.prediction].into(), |windowed| windowed.predictions.into())
    }

    /// What header lines and tags say of the read.
    #[must_use]
    pub fn score(&self) -> Score {
        let Prediction { probability, frame } = self.prediction;
        Score { probability, frame: frame.map(Frame::number) }
    }
}

/// The reads of a template, mates together: where a name recurs (lanes that were merged), it has several pairs, one after the
/// other.
pub(super) fn pairs<'j, 'a>(judged: &'j [Judged<'a>]) -> impl Iterator<Item = &'j [Judged<'a>]> {
    judged.chunk_by(are_mates)
}

/// Whether a read and the next one of its template are a pair.
fn are_mates(one: &Judged<'_>, next: &Judged<'_>) -> bool {
    one.segment.mate < next.segment.mate
}

/// How reads are judged on their way out.
#[derive(Clone, Copy, Debug)]
pub struct Judge {
    /// The share of coding reads that verdicts assume.
    pub prior: Prior,
    /// What separates the classes.
    pub verdict: VerdictConfig,
    /// Which windows a read has a prediction for; none where it has one for the whole of it.
    pub windows: Option<Windows>,
    /// The bases that the model reads of a read, if it does not read all.
    pub reads_at_most: Option<usize>,
    /// Which templates have also been scored on a plain path, if any have.
    pub audit: Option<Sample>,
}

impl Judge {
    /// Judges the reads of one template, given the predictions and the coding stretches of each: apart, or mates together.
    pub(super) fn judge<'a>(
        &self,
        segments: &'a [Record],
        answers: &mut impl Iterator<Item = (&'a [Prediction], &'a [Stretch])>,
        judged: &mut Vec<Judged<'a>>,
    ) {
        let own = |answer: &Option<Answer<'_>>| answer.map(|answer| answer.posterior);
        judged.clear();
        judged.extend(segments.iter().zip(answers).map(|(segment, (predictions, stretches))| {
            let answer = self.answer(segment, predictions);
            let posterior = own(&answer);
            let verdict = self.verdict.verdict(posterior);
            Judged { segment, answer, posterior, verdict, stretches, is_located: false, output: None }
        }));
        assert_eq!(judged.len(), segments.len(), "an answer, if an empty one, for each read");
        if self.verdict.mates == Mates::Each || judged.len() == 1 {
            return;
        }
        for pair in judged.chunk_by_mut(are_mates) {
            let posterior = self.verdict.pooled(pair.iter().map(|read| own(&read.answer)));
            let verdict = self.verdict.verdict(posterior);
            for read in pair {
                (read.posterior, read.verdict) = (posterior, verdict);
            }
        }
    }

    /// What follows from the predictions of one read; nothing if there are none.
    pub(super) fn answer<'a>(&self, segment: &Record, predictions: &'a [Prediction]) -> Option<Answer<'a>> {
        let first = predictions.first()?;
        let windows = self.windows.map(|windows| {
            let summary = windows.summary(segment.bases().len(), predictions);
            Windowed { windows, predictions, summary }
        });
        let prediction =
            windows.as_ref().map_or(*first, |windowed| windowed.summary.prediction(windowed.windows.config.pool));
        let posterior = self.prior.posterior(prediction.probability, segment.bases());
        Some(Answer { prediction, posterior, class: self.verdict.class(posterior), windows })
    }
}
