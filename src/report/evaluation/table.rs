//! The table of an evaluation as tab-separated text.

use super::account::{Evaluation, Judged, Met};
use super::parts::Part;
use crate::metrics::{Measures, Rates, Wanted};

/// A column: its name, and the function that returns its value.
pub(super) type Column = (&'static str, fn(&Part) -> Option<f64>);

/// The measures shown, in order.
pub(super) const COLUMNS: [Column; 12] = [
    ("accuracy", |of| of.measures.rates.accuracy),
    ("balanced_accuracy", |of| of.measures.rates.balanced_accuracy),
    ("precision", |of| of.measures.rates.precision),
    ("recall", |of| of.measures.rates.recall),
    ("specificity", |of| of.measures.rates.specificity),
    ("f1", |of| of.measures.rates.f1),
    ("mcc", |of| of.measures.rates.mcc),
    ("roc_auc", |of| of.measures.roc_auc),
    ("pr_auc", |of| of.measures.pr_auc),
    ("brier", |of| of.measures.brier),
    ("calibration_error", |of| of.measures.calibration_error),
    ("frame_accuracy", |of| of.frame_accuracy),
];

/// A line of the table, except for the name of its predictor.
struct Line {
    part: &'static str,
    name: String,
    reads: u64,
    coding: u64,
    measures: Vec<Option<f64>>,
    threshold: Option<f32>,
}

impl Line {
    fn of(kind: &'static str, part: &Part, threshold: Option<f32>) -> Self {
        let &Measures { reads, coding, .. } = &part.measures;
        let measures = COLUMNS.map(|(_, value)| value(part)).to_vec();
        Self { part: kind, name: part.name.clone(), reads, coding, measures, threshold }
    }

    /// The line of all reads at the threshold of a target. Measures that cover all thresholds are left out.
    fn at(met: &Met, all: &Measures) -> Self {
        let (part, least) = wanted(met.wanted);
        let Rates { accuracy, balanced_accuracy, precision, recall, specificity, f1, mcc } = met.rates;
        let mut measures = vec![accuracy, balanced_accuracy, precision, recall, specificity, f1, mcc];
        measures.resize(COLUMNS.len(), None);
        Self { part, name: least.to_string(), reads: all.reads, coding: all.coding, measures, threshold: met.threshold }
    }

    fn text(&self, predictor: Option<&str>) -> String {
        let mut cells = vec![self.part.to_owned(), self.name.clone()];
        cells.extend(predictor.map(str::to_owned));
        cells.extend([self.reads, self.coding].map(|count| count.to_string()));
        cells.extend(self.measures.iter().map(|value| shown(*value)));
        cells.push(self.threshold.map_or_else(|| shown(None), |threshold| threshold.to_string()));
        cells.join("\t") + "\n"
    }
}

/// The name and the value of a target.
pub(super) fn wanted(wanted: Wanted) -> (&'static str, f64) {
    match wanted {
        Wanted::Recall(least) => ("recall", least),
        Wanted::Precision(least) => ("precision", least),
    }
}

/// The table: a line for each part. With several predictors, a line for each part and predictor, and a column with its
/// name.
pub(super) fn table(evaluation: &Evaluation) -> String {
    let is_alone = evaluation.predictors.len() == 1;
    let mut header = vec!["part", "name"];
    header.extend((!is_alone).then_some("predictor"));
    header.extend(["reads", "coding"]);
    header.extend(COLUMNS.map(|(name, _)| name));
    header.push("threshold");
    let mut text = header.join("\t") + "\n";
    let of_each: Vec<(Option<&str>, Vec<Line>)> = evaluation
        .predictors
        .iter()
        .map(|judged| ((!is_alone).then_some(judged.name.as_str()), lines(judged, evaluation.threshold)))
        .collect();
    // All predictors have the same reads, and so the same parts.
    for n in 0..of_each.first().map_or(0, |(_, lines)| lines.len()) {
        text.extend(of_each.iter().map(|(predictor, lines)| lines[n].text(*predictor)));
    }
    text
}

fn lines(judged: &Judged, threshold: f32) -> Vec<Line> {
    // A program without probabilities has no threshold either.
    let threshold = judged.model.as_ref().map(|_| threshold);
    let all = [Line::of("all", &judged.all, threshold)];
    let wanted = judged.wanted.iter().map(|met| Line::at(met, &judged.all.measures));
    let kinds = [("group", &judged.groups), ("length", &judged.lengths), ("gc", &judged.gc)];
    let parts =
        kinds.into_iter().flat_map(|(kind, parts)| parts.iter().map(move |part| Line::of(kind, part, threshold)));
    all.into_iter().chain(wanted).chain(parts).collect()
}

/// Formats a value with four decimals, or as `NA`.
pub(super) fn shown(value: Option<f64>) -> String {
    value.map_or_else(|| "NA".to_owned(), |value| format!("{value:.4}"))
}
