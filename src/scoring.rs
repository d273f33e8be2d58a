//! Rows of token ids in, predictions out, in order: for tables of reads, which no pipeline writes to classes.

use std::sync::Arc;

use futures::{Stream, StreamExt};

use crate::blocking::blocking;
use crate::error::Result;
use crate::model::Classifier;
use crate::prediction::Predictions;
use crate::tokens::Tokens;

/// A chunk that is being filled: rows for the model, and of each line of a table what goes with it.
#[derive(Debug)]
pub(crate) struct Filling<L> {
    /// The rows so far.
    pub(crate) tokens: Tokens,
    lines: Vec<L>,
    most: usize,
}

impl<L> Filling<L> {
    /// An empty one, of at most so many lines.
    pub(crate) fn new(most: usize) -> Self {
        Self { tokens: Tokens::default(), lines: Vec::new(), most }
    }

    /// Ends a line, whose row is among the tokens if it has one; gives the chunk back when it is full.
    pub(crate) fn end_line(&mut self, line: L) -> Option<(Tokens, Vec<L>)> {
        self.lines.push(line);
        (self.lines.len() == self.most).then(|| self.rest())
    }

    /// What there is.
    pub(crate) fn rest(&mut self) -> (Tokens, Vec<L>) {
        (std::mem::take(&mut self.tokens), std::mem::take(&mut self.lines))
    }
}

/// The predictions for each chunk of rows, in order, with what goes with the chunk. As many chunks are computed at once as
/// the model has workers, and no more are read.
pub(crate) fn predictions<T: Send>(
    classifier: Arc<Classifier>,
    chunks: impl Stream<Item = Result<(Tokens, T)>> + Send,
) -> impl Stream<Item = Result<(Predictions, T)>> + Send {
    let workers = classifier.workers();
    let predicted = move |chunk: Result<(Tokens, T)>| {
        let model = Arc::clone(&classifier);
        async move {
            let (tokens, rest) = chunk?;
            Ok((blocking(move || model.classify(&tokens)).await?, rest))
        }
    };
    chunks.map(predicted).buffered(workers)
}
