//! How good a model is on labelled reads: scores a table of them, and measures.

mod table;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use async_stream::try_stream;
use futures::{Stream, StreamExt};

use crate::blocking::blocking;
use crate::config::check_places;
use crate::error::Result;
use crate::kmer::{self, Letters};
use crate::metrics::Scored;
use crate::model::{self, Classifier};
use crate::prediction::{Frame, Prediction};
use crate::reads::output::{Placing, commit_all};
use crate::reads::{EncoderConfig, Lines};
use crate::report::{Evaluation, Judgement, Setting};
use crate::scoring::{Filling, predictions};
use crate::tokens::Tokens;
use table::{Columns, Labelled};

/// What to evaluate, and how.
#[derive(Debug)]
pub struct Config {
    /// The table of labelled reads.
    pub input: PathBuf,
    /// The model, and where it runs.
    pub model: model::Options,
    /// The probability from which on a read is called coding.
    pub threshold: f32,
    /// Reads with fewer bases are not scored.
    pub min_length: usize,
    /// Which letters count as bases.
    pub letters: Letters,
    /// The evaluation as JSON.
    pub json: Option<PathBuf>,
    /// The evaluation as a page.
    pub html: Option<PathBuf>,
    /// How those are put in place.
    pub placing: Placing,
    /// The command line.
    pub command: Vec<String>,
}

/// Scores the reads, measures, and writes the reports.
///
/// # Errors
/// For a table that is not one of labelled reads, a model that cannot run, and reports that cannot be written; then they do
/// not exist.
pub async fn evaluate(config: Config) -> Result<Evaluation> {
    let Config { input, model, threshold, min_length, letters, json, html, placing, command } = config;
    let inputs = model.source.files().into_iter().chain([input.clone()]);
    check_places(json.iter().chain(&html).cloned(), inputs, placing.existing)?;
    let threads = model.threads;
    let lines = Lines::open(&input, threads, Arc::default()).await?;
    let classifier = Arc::new(blocking(move || Classifier::load(&model)).await?);
    let min_length = min_length.max(classifier.shortest_read()).max(classifier.k());
    let rows = Rows { k: classifier.k(), longest: classifier.longest_row(), min_length, letters };

    let chunks = rows.chunks(lines, classifier.rows_per_chunk());
    let mut chunks = std::pin::pin!(predictions(Arc::clone(&classifier), chunks));
    let mut judged = Judged::default();
    while let Some(chunk) = chunks.next().await {
        let (predictions, labelled) = chunk?;
        judged.add(&predictions, labelled);
    }
    let setting = Setting { command, input, model: classifier.card().clone(), threads, threshold, min_length };
    let evaluation = Evaluation::new(setting, &judged.reads, &judged.groups, judged.unscored);
    let pending = evaluation.write(json.as_deref(), html.as_deref(), EncoderConfig { workers: threads, level: None });
    let pending = pending.await?;
    blocking(move || commit_all(pending, placing)).await?;
    Ok(evaluation)
}

/// How reads become rows.
#[derive(Clone, Copy, Debug)]
struct Rows {
    k: usize,
    longest: Option<usize>,
    min_length: usize,
    letters: Letters,
}

impl Rows {
    /// The reads in chunks, with a row for each that is scored.
    fn chunks(self, mut lines: Lines, most: usize) -> impl Stream<Item = Result<(Tokens, Vec<Labelled>)>> + Send {
        try_stream! {
            let columns = Columns::read(&mut lines).await?;
            let mut chunk = Filling::new(most);
            while let Some(read) = columns.next(&mut lines).await? {
                let is_scored = self.letters.known(&read.bases) >= self.min_length;
                if is_scored {
                    let ids = &mut chunk.tokens.ids;
                    kmer::tokenize_letters(self.letters, &read.bases, self.k, self.longest, ids);
                    chunk.tokens.end_row();
                }
                if let Some(full) = chunk.end_line(read.measured(is_scored)) {
                    yield full;
                }
            }
            yield chunk.rest();
        }
    }
}

/// The reads so far.
#[derive(Debug, Default)]
struct Judged {
    reads: Vec<Judgement>,
    unscored: u64,
    groups: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Judged {
    fn add(&mut self, predictions: &[Prediction], labelled: Vec<Labelled>) {
        let mut predictions = predictions.iter();
        for read in labelled {
            if !read.is_scored {
                self.unscored += 1;
                continue;
            }
            let &Prediction { probability, frame } = predictions.next().expect("a prediction for each row");
            let frame_is_right = right(read.frame.filter(|_| read.is_coding), frame);
            let group = read.group.map(|group| self.number(group));
            let scored = Scored { probability, is_coding: read.is_coding };
            self.reads.push(Judgement { scored, length: read.length, group, frame_is_right });
        }
    }

    /// Groups are numbered in the order they come.
    fn number(&mut self, group: String) -> usize {
        if let Some(&number) = self.numbers.get(&group) {
            return number;
        }
        self.groups.push(group.clone());
        self.numbers.insert(group, self.groups.len() - 1);
        self.groups.len() - 1
    }
}

/// Whether the model's frame is the true one, where both are known.
fn right(truth: Option<Frame>, said: Option<Frame>) -> Option<bool> {
    Some(truth? == said?)
}
