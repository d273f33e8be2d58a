//! What the scores table says of a read, in whatever format it is written.

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
    /// Bases.
    pub(super) length: usize,
    /// What the model said; nothing of a read that was not scored.
    pub(super) score: Option<Score>,
    /// Where the read went; nowhere in a run that only scores.
    pub(super) output: Option<&'static str>,
    /// How many bases are coding; unknown where the model does not say which.
    pub(super) coding_bases: Option<u32>,
    /// The first and the last of them, from 1.
    pub(super) span: Option<(u32, u32)>,
    /// What the read's windows said.
    pub(super) windows: Option<Summary>,
}

/// What the model said of a read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Score {
    pub(super) probability: f32,
    pub(super) posterior: f32,
    /// The read's own, whatever its mate's.
    pub(super) label: &'static str,
    /// None where the model tells no frames.
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

/// How many bases are in any stretch; those of two genes count once. Stretches come in the order of their ends, or nearly.
fn coding_bases(stretches: &[Stretch]) -> u32 {
    let mut reached = 0;
    let own = stretches.iter().map(|stretch| {
        let bases = stretch.end.saturating_sub(stretch.start.max(reached));
        reached = reached.max(stretch.end);
        bases
    });
    own.sum()
}
