//! What an evaluation says, as JSON has it.

use std::num::NonZero;
use std::path::PathBuf;

use serde::Serialize;

use crate::metrics::{Best, CalibrationBin, Curve, Measures, Scored, calibration};
use crate::model::Card;
use crate::report::account::Device;

/// Points of a curve in a report.
const POINTS: usize = 400;

/// The first lengths of the bins that reads are grouped in.
const LENGTHS: [usize; 8] = [0, 100, 150, 200, 300, 500, 1000, 3000];

/// What was evaluated, and how.
#[derive(Debug)]
pub struct Setting {
    /// The command line.
    pub command: Vec<String>,
    /// The table of labelled reads.
    pub input: PathBuf,
    /// The model.
    pub model: Card,
    /// CPU threads it was given.
    pub threads: NonZero<usize>,
    /// The probability from which on a read is called coding.
    pub threshold: f32,
    /// Reads with fewer bases were not scored.
    pub min_length: usize,
}

/// What is known of a read that was scored.
#[derive(Clone, Copy, Debug)]
pub struct Judgement {
    /// What the model said, and what is true.
    pub scored: Scored,
    /// Its length in bases.
    pub length: usize,
    /// The number of its group, if it has one.
    pub group: Option<usize>,
    /// Whether the model's frame is right; none where either is not known.
    pub frame_is_right: Option<bool>,
}

/// How good a model is on some labelled reads.
#[derive(Clone, Debug, Serialize)]
pub struct Evaluation {
    pub(super) tool: &'static str,
    pub(super) version: &'static str,
    pub(super) command: Vec<String>,
    pub(super) input: PathBuf,
    pub(super) model: Card,
    pub(super) device: Device,
    pub(super) threshold: f32,
    pub(super) min_length: usize,
    pub(super) unscored: u64,
    pub(super) all: Measures,
    pub(super) best_threshold: Option<Best>,
    pub(super) frame_accuracy: Option<f64>,
    pub(super) groups: Vec<Part>,
    pub(super) lengths: Vec<Part>,
    pub(super) calibration: Vec<CalibrationBin>,
    pub(super) roc: Vec<[f64; 2]>,
    pub(super) precision_recall: Vec<[f64; 2]>,
}

/// Some of the reads.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Part {
    pub(super) name: String,
    #[serde(flatten)]
    pub(super) measures: Measures,
}

impl Evaluation {
    /// The evaluation of some reads; `groups` has the name of each group.
    #[must_use]
    pub fn new(setting: Setting, reads: &[Judgement], groups: &[String], unscored: u64) -> Self {
        let Setting { command, input, model, threads, threshold, min_length } = setting;
        let scored: Vec<Scored> = reads.iter().map(|read| read.scored).collect();
        let curve = Curve::of(&scored);
        let by_group = parts(reads, groups.len(), threshold, |read| read.group);
        let bin = |read: &Judgement| LENGTHS.iter().rposition(|&first| first <= read.length);
        let by_length = parts(reads, LENGTHS.len(), threshold, bin);
        let name = |(n, measures)| (groups.get(n).cloned().unwrap_or_default(), measures);
        let part = |(name, measures)| Part { name, measures };
        Self {
            tool: "readseeker",
            version: env!("CARGO_PKG_VERSION"),
            command,
            input,
            device: Device { name: model.device.clone(), backend: model.backend.clone(), threads },
            model,
            threshold,
            min_length,
            unscored,
            all: Measures::of(&scored, threshold),
            best_threshold: curve.best(),
            frame_accuracy: frame_accuracy(reads),
            groups: by_group.into_iter().map(name).map(part).collect(),
            lengths: by_length.into_iter().map(|(n, measures)| part((lengths(n), measures))).collect(),
            calibration: calibration(&scored),
            roc: curve.roc(POINTS),
            precision_recall: curve.precision_recall(POINTS),
        }
    }
}

/// The measures of each part that has a read, with its number.
fn parts(
    reads: &[Judgement],
    count: usize,
    threshold: f32,
    part: impl Fn(&Judgement) -> Option<usize>,
) -> Vec<(usize, Measures)> {
    let mut parts: Vec<Vec<Scored>> = vec![Vec::new(); count];
    for read in reads {
        if let Some(part) = part(read) {
            parts[part].push(read.scored);
        }
    }
    let filled = parts.iter().enumerate().filter(|(_, scored)| !scored.is_empty());
    filled.map(|(n, scored)| (n, Measures::of(scored, threshold))).collect()
}

/// `150-199`, `3000+`
fn lengths(bin: usize) -> String {
    match LENGTHS.get(bin + 1) {
        Some(next) => format!("{}-{}", LENGTHS[bin], next - 1),
        None => format!("{}+", LENGTHS[bin]),
    }
}

#[expect(clippy::cast_precision_loss, reason = "no table has 2^52 reads")]
fn frame_accuracy(reads: &[Judgement]) -> Option<f64> {
    let known = || reads.iter().filter_map(|read| read.frame_is_right);
    let (right, all) = (known().filter(|right| *right).count(), known().count());
    (all > 0).then(|| right as f64 / all as f64)
}
