//! The held-out reads with the trained model's predictions, as a table for `readseeker evaluate`.

use std::fmt::Write;

use super::reading::HeldOut;
use crate::prediction::Prediction;

/// The name of the file in the model's directory.
pub(super) const FILE: &str = "held_out.tsv";

/// Formats the table.
pub(super) fn table(reads: &[HeldOut], predictions: &[Prediction]) -> String {
    let mut text = "sequence\tlabel\tcoded_fraction\tframe\tgroup\tprobability\n".to_owned();
    for (HeldOut { example, group }, prediction) in reads.iter().zip(predictions) {
        let bases = String::from_utf8_lossy(&example.bases);
        let truth = &example.truth;
        let label = u8::from(truth.is_coding);
        let frame = truth.frame.map_or_else(|| ".".to_owned(), |frame| frame.to_string());
        let group = group.as_deref().unwrap_or(".");
        let probability = prediction.probability;
        writeln!(text, "{bases}\t{label}\t{:.3}\t{frame}\t{group}\t{probability:.6}", truth.coded)
            .expect("a String takes all that is written");
    }
    text
}
