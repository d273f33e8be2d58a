//! Asks the model: token ids in, predictions out; any number of these run side by side.

use crossbeam_channel::Receiver;
use tokio::sync::mpsc;

use super::chunk::{Classified, Tokenized};
use crate::error::Result;
use crate::prediction::Prediction;
use crate::tokens::Tokens;

/// Runs until the input ends or nobody takes the output any more.
///
/// `classify` is the pipeline's one seam: a run passes the model, a test passes a closure.
pub(super) fn run(
    classify: impl Fn(&Tokens) -> Result<Vec<Prediction>>,
    input: &Receiver<Tokenized>,
    output: &mpsc::Sender<Classified>,
) -> Result<()> {
    for Tokenized { chunk, tokens } in input {
        let predictions = classify(&tokens)?;
        assert!(predictions.len() >= tokens.len(), "the model must answer each row, or each of its windows");
        if output.blocking_send(Classified { chunk, predictions }).is_err() {
            return Ok(());
        }
    }
    Ok(())
}
