//! Judges reads: combines the model's predictions for a read with the prior and with its mate's.

use std::borrow::Cow;

use crate::class::Class;
use crate::prediction::{Frame, Prediction, Stretch};
use crate::prior::Prior;
use crate::reads::{Record, Score};
use crate::sample::Sample;
use crate::verdict::{Mates, Verdict, VerdictConfig};
use crate::windows::{Summary, Windows};

/// A read with the model's prediction and its verdict.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a> {
    /// The read.
    pub segment: &'a Record,
    /// The model's prediction; `None` for a read too short to be scored.
    pub answer: Option<Answer<'a>>,
    /// The posterior that decides the verdict: the read's own, or its pair's if mates are judged together.
    pub posterior: Option<f32>,
    /// The verdict from this posterior.
    pub verdict: Verdict,
    /// The coding stretches, as far as the model predicts any.
    pub stretches: &'a [Stretch],
    /// Whether the model predicted stretches, instead of just a frame for all of the read.
    pub is_located: bool,
    /// The output it went to: that of its class or `unpaired`; `None` if the run only scores.
    pub output: Option<&'static str>,
}

/// What the model predicts for one read.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The prediction for the whole read.
    pub prediction: Prediction,
    /// The probability that the read is coding, given the sample's share of coding reads.
    pub posterior: f32,
    /// The read's own class, regardless of its mate: coding or non-coding.
    pub class: Class,
    /// The predictions for its windows, if it was scored in windows.
    pub windows: Option<Windowed<'a>>,
}

/// What the model predicts for the windows of a read.
#[derive(Clone, Copy, Debug)]
pub struct Windowed<'a> {
    /// The rule that lays out the windows.
    pub windows: Windows,
    /// The prediction for each window.
    pub predictions: &'a [Prediction],
    /// The summary of these predictions.
    pub summary: Summary,
}

impl<'a> Answer<'a> {
    /// All predictions that the answer is based on.
    #[must_use]
    pub fn predictions(&self) -> Cow<'a, [Prediction]> {
        self.windows.map_or_else(|| vec![self.prediction].into(), |windowed| windowed.predictions.into())
    }

    /// The score for header lines and tags.
    #[must_use]
    pub fn score(&self) -> Score {
        let Prediction { probability, frame } = self.prediction;
        Score { probability, frame: frame.map(Frame::number) }
    }
}

/// Groups the reads of a template into pairs. If a name recurs (in merged lanes), the template has several pairs, one
/// after the other.
pub(super) fn pairs<'j, 'a>(judged: &'j [Judged<'a>]) -> impl Iterator<Item = &'j [Judged<'a>]> {
    judged.chunk_by(are_mates)
}

/// Whether a read and the next one of its template are a pair.
fn are_mates(one: &Judged<'_>, next: &Judged<'_>) -> bool {
    one.segment.mate < next.segment.mate
}

/// The settings for judging reads.
#[derive(Clone, Copy, Debug)]
pub struct Judge {
    /// The share of coding reads that verdicts assume.
    pub prior: Prior,
    /// The rules that separate the classes.
    pub verdict: VerdictConfig,
    /// The windows for which a read has predictions; `None` if it has one prediction as a whole.
    pub windows: Option<Windows>,
    /// The most bases of a read that the model sees, if not all.
    pub reads_at_most: Option<usize>,
    /// Which templates have also been scored on a plain path, if any.
    pub audit: Option<Sample>,
}

impl Judge {
    /// Judges the reads of one template, separately or mates together, given the predictions and coding stretches of
    /// each.
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

    /// Combines the predictions for one read with the prior; `None` if there are no predictions.
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
