//! Cuts labelled reads into chunks, and has each model score them.

use std::sync::Arc;

use async_stream::try_stream;
use futures::{Stream, StreamExt};

use crate::blocking::blocking;
use crate::error::Result;
use crate::kmer::{self, Letters};
use crate::labels::Read;
use crate::model::Classifier;
use crate::prediction::{Frame, Predictions};
use crate::report::Truth;
use crate::tokens::Tokens;

/// A chunk of reads, with a row of token ids for each model and scored read.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    rows: Vec<Tokens>,
    reads: Vec<Labelled>,
}

/// A labelled read that is being scored.
#[derive(Debug)]
pub(super) struct Labelled {
    pub(super) name: String,
    is_coding: bool,
    frame: Option<Frame>,
    pub(super) group: Option<String>,
    pub(super) bases: Vec<u8>,
    pub(super) is_scored: bool,
}

impl Labelled {
    /// The truth about the read; `group` is the number of its group.
    pub(super) fn truth(&self, group: Option<u32>) -> Truth {
        Truth::of(&self.bases, self.is_coding, self.frame, group)
    }
}

/// How reads are turned into rows for all models.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    /// The k and the longest row of each model.
    models: Vec<(usize, Option<usize>)>,
    min_length: usize,
    letters: Letters,
    most: usize,
}

impl Rows {
    /// The settings for these models. A read that one of them cannot score is scored by none.
    pub(super) fn of(classifiers: &[Classifier], min_length: usize, letters: Letters) -> Self {
        let least = classifiers.iter().map(|model| model.shortest_read().max(model.k())).max();
        Self {
            models: classifiers.iter().map(|model| (model.k(), model.longest_row())).collect(),
            min_length: min_length.max(least.unwrap_or(0)),
            letters,
            most: classifiers.iter().map(Classifier::rows_per_chunk).min().unwrap_or(1),
        }
    }

    /// The fewest known bases of a read that is scored.
    pub(super) fn min_length(&self) -> usize {
        self.min_length
    }

    /// Yields the reads in chunks.
    pub(super) fn chunks(
        self,
        reads: impl Stream<Item = Result<Read>> + Send,
    ) -> impl Stream<Item = Result<Chunk>> + Send {
        try_stream! {
            let mut chunk = self.empty();
            for await read in reads {
                self.add(&mut chunk, read?);
                if chunk.reads.len() == self.most {
                    yield std::mem::replace(&mut chunk, self.empty());
                }
            }
            yield chunk;
        }
    }

    fn empty(&self) -> Chunk {
        Chunk { rows: vec![Tokens::default(); self.models.len()], reads: Vec::new() }
    }

    fn add(&self, chunk: &mut Chunk, read: Read) {
        let Read { name, bases, is_coding, coded: _, frame, group } = read;
        let is_scored = self.letters.known(&bases) >= self.min_length;
        if is_scored {
            for (tokens, &(k, longest)) in chunk.rows.iter_mut().zip(&self.models) {
                kmer::tokenize_letters(self.letters, &bases, k, longest, &mut tokens.ids);
                tokens.end_row();
            }
        }
        chunk.reads.push(Labelled { name, is_coding, frame, group, bases, is_scored });
    }
}

/// Yields the predictions of each model for each chunk, in order. As many chunks are computed at once as a model has
/// workers, and no more are read ahead.
pub(super) fn predictions(
    models: Arc<[Classifier]>,
    chunks: impl Stream<Item = Result<Chunk>> + Send,
) -> impl Stream<Item = Result<(Vec<Predictions>, Vec<Labelled>)>> + Send {
    let workers = models.iter().map(Classifier::workers).max().unwrap_or(1);
    let predicted = move |chunk: Result<Chunk>| {
        let models = Arc::clone(&models);
        async move {
            let Chunk { rows, reads } = chunk?;
            let classify = move || models.iter().zip(&rows).map(|(model, rows)| model.classify(rows)).collect();
            let predictions: Result<Vec<Predictions>, _> = blocking(classify).await;
            Ok((predictions?, reads))
        }
    };
    chunks.map(predicted).buffered(workers)
}
