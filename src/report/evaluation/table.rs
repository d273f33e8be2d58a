//! The measures of an evaluation as tab-separated text.

use std::fmt::Write;

use super::account::Evaluation;
use crate::metrics::Measures;

/// A column: its name, and where its number is.
pub(super) type Column = (&'static str, fn(&Measures) -> Option<f64>);

/// The measures that are shown, in order.
pub(super) const COLUMNS: [Column; 11] = [
    ("accuracy", |of| of.accuracy),
    ("balanced_accuracy", |of| of.balanced_accuracy),
    ("precision", |of| of.precision),
    ("recall", |of| of.recall),
    ("specificity", |of| of.specificity),
    ("f1", |of| of.f1),
    ("mcc", |of| of.mcc),
    ("roc_auc", |of| of.roc_auc),
    ("pr_auc", |of| of.pr_auc),
    ("brier", |of| of.brier),
    ("calibration_error", |of| of.calibration_error),
];

pub(super) fn table(evaluation: &Evaluation) -> String {
    let mut text = "part\tname\treads\tcoding".to_owned();
    for (name, _) in COLUMNS {
        text.push('\t');
        text.push_str(name);
    }
    text.push('\n');
    let groups = evaluation.groups.iter().map(|part| ("group", part.name.as_str(), &part.measures));
    let lengths = evaluation.lengths.iter().map(|part| ("length", part.name.as_str(), &part.measures));
    for (part, name, measures) in [("all", ".", &evaluation.all)].into_iter().chain(groups).chain(lengths) {
        write!(text, "{part}\t{name}\t{}\t{}", measures.reads, measures.coding).expect("a String takes all");
        for (_, value) in COLUMNS {
            text.push('\t');
            text.push_str(&shown(value(measures)));
        }
        text.push('\n');
    }
    text
}

/// Four digits, or `NA`.
pub(super) fn shown(value: Option<f64>) -> String {
    value.map_or_else(|| "NA".to_owned(), |value| format!("{value:.4}"))
}
