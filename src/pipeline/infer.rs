//! Runs the model: token ids in, predictions out. Any number of these workers run side by side.

use crossbeam_channel::Receiver;
use tokio::sync::mpsc;

use super::chunk::{Classified, Tokenized};
use crate::error::Result;
use crate::prediction::{Answers, Predictions};
use crate::tokens::Tokens;

/// One of the threads that run the model.
#[derive(Clone)]
pub(super) struct Worker<M> {
    /// The function that classifies: the model in a run, a closure in a test.
    pub(super) classify: M,
    pub(super) input: Receiver<Tokenized>,
    pub(super) output: mpsc::Sender<Classified>,
    /// Takes a clone of this worker to start another one; closed when there are enough.
    pub(super) more: mpsc::Sender<Worker<M>>,
}

impl<M> Worker<M>
where
    M: Fn(&Tokens) -> Result<Predictions> + Clone,
{
    /// Runs until the input ends or the receiver is gone. Asks for another worker when a chunk has to wait.
    pub(super) fn run(self) -> Result<()> {
        for Tokenized { chunk, counts, tokens } in &self.input {
            if !self.input.is_empty() && !self.more.is_closed() {
                let _full_if_one_is_on_its_way = self.more.try_send(self.clone());
            }
            let predictions = (self.classify)(&tokens)?;
            let expected: usize = counts.iter().map(|&count| count as usize).sum();
            assert_eq!(predictions.len(), expected, "the model answers each row, or each of its windows");
            let answers = Answers { counts, predictions };
            if self.output.blocking_send(Classified { chunk, answers }).is_err() {
                return Ok(());
            }
        }
        Ok(())
    }
}
