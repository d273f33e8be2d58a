//! How good a model is on labelled reads: as JSON, a table and a page.

mod page;
mod table;

use std::num::NonZero;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::account::Device;
use super::files::{json, write};
use crate::error::Result;
use crate::metrics::{Best, CalibrationBin, Curve, Measures, Scored, calibration};
use crate::model::Card;
use crate::reads::EncoderConfig;
use crate::reads::output::Pending;

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
    tool: &'static str,
    version: &'static str,
    command: Vec<String>,
    input: PathBuf,
    model: Card,
    device: Device,
    threshold: f32,
    min_length: usize,
    unscored: u64,
    all: Measures,
    best_threshold: Option<Best>,
    frame_accuracy: Option<f64>,
    groups: Vec<Part>,
    lengths: Vec<Part>,
    calibration: Vec<CalibrationBin>,
    roc: Vec<[f64; 2]>,
    precision_recall: Vec<[f64; 2]>,
}

/// Some of the reads.
#[derive(Clone, Debug, Serialize)]
struct Part {
    name: String,
    #[serde(flatten)]
    measures: Measures,
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

    /// Writes the reports that are wanted, to be put in place together.
    pub async fn write(
        &self,
        as_json: Option<&Path>,
        html: Option<&Path>,
        encoding: EncoderConfig,
    ) -> Result<Vec<Pending>> {
        let mut pending = Vec::new();
        if let Some(path) = as_json {
            pending.push(write(&json(self), path, encoding).await?);
        }
        if let Some(path) = html {
            pending.push(write(&page::page(self), path, encoding).await?);
        }
        Ok(pending)
    }

    /// The measures as a table, for people and programs: all reads, each group, each bin of lengths.
    #[must_use]
    pub fn table(&self) -> String {
        table::table(self)
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
