//! Rows of token ids in, predictions out, in order: for tables of reads, which no pipeline writes to classes.

use std::sync::Arc;

use futures::{Stream, StreamExt};

use crate::blocking::blocking;
use crate::error::Result;
use crate::model::Classifier;
use crate::prediction::Predictions;
use crate::tokens::Tokens;

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
