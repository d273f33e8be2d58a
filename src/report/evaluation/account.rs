//! The report of an evaluation as data.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::PathBuf;

use serde::Serialize;

use super::parts::{LabelledReads, Part, parts};
use crate::metrics::{Best, CalibrationBin, Curve, OperatingPoint, Rates, Scored, Wanted, calibration};
use crate::model::Card;
use crate::prediction::Prediction;
use crate::progress::{counted, grouped};
use crate::report::account::Device;

/// The most points of a curve in a report.
const POINTS: usize = 400;

/// The settings of an evaluation.
#[derive(Debug)]
pub struct Setting {
    /// The command line.
    pub command: Vec<String>,
    /// The path of the labelled reads.
    pub input: PathBuf,
    /// The number of CPU threads given to the models.
    pub threads: NonZero<usize>,
    /// The least probability of a read called coding.
    pub threshold: f32,
    /// The fewest bases of a read that was scored.
    pub min_length: usize,
    /// The targets for which thresholds are looked up.
    pub wanted: Vec<Wanted>,
    /// The share of coding reads for which thresholds apply; `None` for that of the evaluated reads.
    pub share: Option<f64>,
    /// Notes on the devices that ran the models.
    pub notes: Vec<String>,
}

/// A predictor, with its predictions for the reads.
#[derive(Debug)]
pub struct Predictor {
    /// The name that tells it from other predictors.
    pub name: String,
    /// Where the predictions come from.
    pub basis: Basis,
    /// The prediction for each read, in order.
    pub said: Vec<Prediction>,
    /// The number of reads that the predictor has genes on but that are not evaluated.
    pub elsewhere: usize,
}

/// Where the predictions come from.
#[derive(Clone, Debug)]
pub enum Basis {
    /// A model, which gives probabilities.
    Model(Card),
    /// Genes from another program: their share orders the reads, and reads at 0.5 or above are called coding.
    Genes(PathBuf),
}

/// The least share of a read in genes at which it is called coding.
const CALLED_FROM: f32 = 0.5;

/// The report of predictors on labelled reads.
#[derive(Clone, Debug, Serialize)]
pub struct Evaluation {
    pub(super) tool: &'static str,
    pub(super) version: &'static str,
    pub(super) command: Vec<String>,
    pub(super) input: PathBuf,
    pub(super) threshold: f32,
    pub(super) min_length: usize,
    pub(super) reads: usize,
    pub(super) unscored: u64,
    /// The number of alignments without a label, by reason.
    pub(super) left_out: BTreeMap<&'static str, u64>,
    /// Notes on the devices that ran the models.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) notes: Vec<String>,
    pub(super) predictors: Vec<Judged>,
}

/// The report of one predictor.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Judged {
    pub(super) name: String,
    /// The model; `None` for another program.
    pub(super) model: Option<Card>,
    pub(super) device: Option<Device>,
    /// The file with the genes of another program.
    pub(super) calls: Option<PathBuf>,
    /// Reads that have genes of that program, but are not evaluated.
    pub(super) calls_elsewhere: usize,
    pub(super) all: Part,
    pub(super) best_threshold: Option<Best>,
    pub(super) wanted: Vec<Met>,
    pub(super) groups: Vec<Part>,
    pub(super) lengths: Vec<Part>,
    pub(super) gc: Vec<Part>,
    pub(super) calibration: Vec<CalibrationBin>,
    pub(super) roc: Vec<[f64; 2]>,
    pub(super) precision_recall: Vec<[f64; 2]>,
}

/// A target, and the threshold that meets it, if there is one.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Met {
    pub(super) wanted: Wanted,
    /// The share of coding reads; `None` for that of the evaluated reads.
    pub(super) share: Option<f64>,
    pub(super) is_possible: bool,
    /// The threshold; `None` if it cannot be met or there are no probabilities.
    pub(super) threshold: Option<f32>,
    #[serde(flatten)]
    pub(super) rates: Rates,
}

impl Met {
    fn of(wanted: Wanted, share: Option<f64>, at: Option<OperatingPoint>) -> Self {
        let (threshold, rates) = (at.map(|at| at.threshold), at.map(|at| at.rates).unwrap_or_default());
        Self { wanted, share, is_possible: at.is_some(), threshold, rates }
    }
}

impl Evaluation {
    /// Evaluates predictors on labelled reads.
    ///
    /// # Panics
    /// If a predictor does not have one prediction for each read.
    #[must_use]
    pub fn new(setting: Setting, reads: &LabelledReads, predictors: Vec<Predictor>) -> Self {
        let judged = predictors.into_iter().map(|predictor| Judged::new(predictor, reads, &setting)).collect();
        let Setting { command, input, threshold, min_length, notes, .. } = setting;
        Self {
            tool: "readseeker",
            version: env!("CARGO_PKG_VERSION"),
            command,
            input,
            threshold,
            min_length,
            reads: reads.truths.len(),
            unscored: reads.unscored,
            left_out: reads.left_out.iter().copied().collect(),
            notes,
            predictors: judged,
        }
    }

    /// Describes the alignments that had no label; `None` if all had one.
    #[must_use]
    pub fn left_out(&self) -> Option<String> {
        let one = |(why, count): (&&str, &u64)| format!("{} {}", grouped(*count), why.replace('_', " "));
        let all: Vec<String> = self.left_out.iter().map(one).collect();
        (!all.is_empty()).then(|| all.join(", "))
    }

    /// The warnings for the user.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let strangers = self.predictors.iter().filter(|judged| judged.calls_elsewhere > 0);
        let warning = |judged: &Judged| {
            let reads = counted(judged.calls_elsewhere as u64, "read");
            format!("{} has genes on {reads} not evaluated here", judged.name)
        };
        self.notes.iter().cloned().chain(strangers.map(warning)).collect()
    }
}

impl Judged {
    fn new(predictor: Predictor, reads: &LabelledReads, setting: &Setting) -> Self {
        let Predictor { name, basis, said, elsewhere } = predictor;
        assert_eq!(said.len(), reads.truths.len(), "one prediction for each read");
        let &Setting { threads, threshold, ref wanted, share, .. } = setting;
        let both = reads.truths.iter().zip(&said);
        let scored: Vec<Scored> =
            both.map(|(truth, said)| Scored { probability: said.probability, is_coding: truth.is_coding }).collect();
        let curve = Curve::of(&scored);
        let met = |&wanted: &Wanted| Met::of(wanted, share, curve.operating_point(wanted, share));
        let called_from = if matches!(basis, Basis::Model(_)) { threshold } else { CALLED_FROM };
        let parts = parts(reads, &said, called_from);
        let judged = Self {
            name,
            device: None,
            model: None,
            calls: None,
            calls_elsewhere: elsewhere,
            all: parts.all,
            best_threshold: curve.best(),
            wanted: wanted.iter().map(met).collect(),
            groups: parts.groups,
            lengths: parts.lengths,
            gc: parts.gc,
            calibration: calibration(&scored),
            roc: curve.roc(POINTS),
            precision_recall: curve.precision_recall(POINTS),
        };
        match basis {
            Basis::Genes(path) => Self { calls: Some(path), ..judged.without_probabilities() },
            Basis::Model(card) => {
                let device = Device { name: card.device.clone(), backend: card.backend.clone(), threads };
                Self { device: Some(device), model: Some(card), ..judged }
            }
        }
    }

    /// Drops the numbers that depend on probabilities, for predictions that only order the reads.
    fn without_probabilities(mut self) -> Self {
        for part in [&mut self.groups, &mut self.lengths, &mut self.gc].into_iter().flatten().chain([&mut self.all]) {
            part.measures.forget_probabilities();
        }
        self.wanted.iter_mut().for_each(|met| met.threshold = None);
        Self { best_threshold: None, calibration: Vec::new(), ..self }
    }
}
