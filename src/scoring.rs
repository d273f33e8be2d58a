//! Turns rows of token ids into predictions, in order, for tables of reads outside the pipeline.

use std::sync::Arc;

use futures::{Stream, StreamExt};

use crate::blocking::blocking;
use crate::error::Result;
use crate::model::Classifier;
use crate::prediction::Predictions;
use crate::tokens::Tokens;

/// A chunk that is being filled: rows for the model, and a value `L` for each line of the table.
#[derive(Debug)]
pub(crate) struct Filling<L> {
    /// The rows added so far.
    pub(crate) tokens: Tokens,
    lines: Vec<L>,
    most: usize,
}

impl<L> Filling<L> {
    /// Creates an empty chunk for at most `most` lines.
    pub(crate) fn new(most: usize) -> Self {
        Self { tokens: Tokens::default(), lines: Vec::new(), most }
    }

    /// Ends a line, whose row, if it has one, is already in `tokens`; returns the chunk when it is full.
    pub(crate) fn end_line(&mut self, line: L) -> Option<(Tokens, Vec<L>)> {
        self.lines.push(line);
        (self.lines.len() == self.most).then(|| self.rest())
    }

    /// Takes the lines gathered so far, which may be none.
    pub(crate) fn rest(&mut self) -> (Tokens, Vec<L>) {
        (std::mem::take(&mut self.tokens), std::mem::take(&mut self.lines))
    }
}

/// Yields the predictions for each chunk of rows, in order, along with the chunk's other data. As many chunks are
/// computed at once as the model has workers, and no more are read ahead.
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
