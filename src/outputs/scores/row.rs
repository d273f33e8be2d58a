//! A row of the scores table, in whatever format it is written.

use crate::outputs::judged::Judged;
use crate::prediction::{Frame, Stretch};
use crate::windows::Summary;

/// A row of the scores table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    /// The read's name, without its mate number.
    pub(super) name: &'a [u8],
    /// 1 or 2; 0 for an unpaired read.
    pub(super) mate: u8,
    /// The read's length in bases.
    pub(super) length: usize,
    /// The model's prediction; `None` if the read was not scored.
    pub(super) score: Option<Score>,
    /// The output the read went to; `None` if the run only scores.
    pub(super) output: Option<&'static str>,
    /// The number of coding bases; `None` if the model does not predict where they are.
    pub(super) coding_bases: Option<u32>,
    /// The positions of the first and the last coding base, from 1.
    pub(super) span: Option<(u32, u32)>,
    /// The summary of the read's windows.
    pub(super) windows: Option<Summary>,
}

/// The prediction for a read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Score {
    pub(super) probability: f32,
    pub(super) posterior: f32,
    /// The read's own label, regardless of its mate.
    pub(super) label: &'static str,
    /// The frame; `None` if the model predicts none.
    pub(super) frame: Option<Frame>,
}

impl<'a> Row<'a> {
    pub(super) fn of(read: &Judged<'a>) -> Self {
        let is_located = read.is_located && read.answer.is_some();
        let start = read.stretches.iter().map(|stretch| stretch.start + 1).min();
        let end = read.stretches.iter().map(|stretch| stretch.end).max();
        Self {
            name: read.segment.own_name(),
            mate: read.segment.mate.number(),
            length: read.segment.bases().len(),
            score: read.answer.map(|answer| Score {
                probability: answer.prediction.probability,
                posterior: answer.posterior,
                label: answer.class.id(),
                frame: answer.prediction.frame,
            }),
            output: read.output,
            coding_bases: is_located.then(|| coding_bases(read.stretches)),
            span: start.zip(end).filter(|_| is_located),
            windows: read.answer.and_then(|answer| answer.windows).map(|windowed| windowed.summary),
        }
    }
}

/// Counts the bases in any stretch; those in two genes count once. Assumes that stretches are sorted by their ends, or
/// nearly so.
fn coding_bases(stretches: &[Stretch]) -> u32 {
    let mut reached = 0;
    let own = stretches.iter().map(|stretch| {
        let bases = stretch.end.saturating_sub(stretch.start.max(reached));
        reached = reached.max(stretch.end);
        bases
    });
    own.sum()
}
