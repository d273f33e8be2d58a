//! Scores a table of k-mers.

use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;

use async_stream::try_stream;
use futures::{Stream, StreamExt};

use super::npy;
use crate::blocking::{blocking, to_the_end};
use crate::config::check_places;
use crate::error::Result;
use crate::kmer::words;
use crate::model::{self, Classifier};
use crate::reads::output::{self, Placing, commit_all};
use crate::reads::{self, EncoderConfig, Lines};
use crate::scoring::{Filling, predictions};
use crate::tokens::Tokens;

/// The table to score, the model, and the output.
#[derive(Debug)]
pub struct Score {
    /// The path of the table of k-mers.
    pub input: PathBuf,
    /// The path of the probabilities.
    pub output: PathBuf,
    /// The model, and where it runs.
    pub model: model::Options,
    /// How the output is put in place.
    pub placing: Placing,
}

/// Writes the probability of each line of the table, in order.
///
/// A model of our own families does not score reads as short as the original does: their probability is NaN.
///
/// # Errors
/// For a table that is not one of k-mers, a model that cannot run, and an output that cannot be written; then it does not
/// exist.
pub async fn score(config: Score) -> Result<()> {
    let Score { input, output, model, placing } = config;
    let inputs = model.source.files().into_iter().chain([input.clone()]);
    check_places([output.clone()].into_iter(), inputs, placing.existing)?;
    let threads = model.threads;
    // Before anything is read: if a GPU fails its check, the program starts anew.
    let classifier = Arc::new(blocking(move || Classifier::load(&model)).await?);
    let lines = Lines::open(&input, threads, Arc::default()).await?;
    let probabilities = probabilities(lines, classifier).await?;

    let encoding = EncoderConfig { workers: NonZero::<usize>::MIN, level: None };
    let (mut file, pending) = output::create(&output, encoding).await?;
    file.write(&npy::file(&probabilities)).await?;
    file.finish().await?;
    Ok(to_the_end(move || commit_all(vec![pending], placing)).await?)
}

async fn probabilities(lines: Lines, classifier: Arc<Classifier>) -> Result<Vec<f32>> {
    let chunks = Rows::of(&classifier).chunks(lines);
    let mut chunks = std::pin::pin!(predictions(classifier, chunks));
    let mut all = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let (predictions, are_scored) = chunk?;
        let mut probabilities = predictions.iter().map(|prediction| prediction.probability);
        let mut next = || probabilities.next().expect("a prediction for each row");
        all.extend(are_scored.into_iter().map(|is_scored| if is_scored { next() } else { f32::NAN }));
    }
    Ok(all)
}

/// How lines of the table become rows of token ids.
#[derive(Clone, Copy, Debug)]
struct Rows {
    k: usize,
    longest: Option<usize>,
    /// The fewest k-mers a row needs to be scored.
    shortest: usize,
    /// The number of lines in a chunk.
    most: usize,
}

impl Rows {
    fn of(classifier: &Classifier) -> Self {
        let k = classifier.k();
        // The original scores even a read without any k-mer, on its special tokens alone.
        let shortest =
            if classifier.card().kind == "bert" { 0 } else { (classifier.shortest_read() + 1).saturating_sub(k) };
        Self { k, longest: classifier.longest_row(), shortest, most: classifier.rows_per_chunk() }
    }

    /// Yields the rows of the table in chunks, and for each line whether it has a row.
    fn chunks(self, mut lines: Lines) -> impl Stream<Item = Result<(Tokens, Vec<bool>)>> + Send {
        try_stream! {
            check_header(&mut lines).await?;
            let mut chunk = Filling::new(self.most);
            while let Some(line) = lines.next().await? {
                let Some(tab) = memchr::memchr(b'\t', line) else {
                    Err::<(), _>(lines.refuse("expected k-mers, a tab and a label".to_owned()))?;
                    continue;
                };
                let tokens = &mut chunk.tokens;
                let start = tokens.ids.len();
                words::tokenize(&line[..tab], self.k, self.longest, &mut tokens.ids);
                let is_scored = tokens.ids.len() - start >= self.shortest;
                if is_scored {
                    tokens.end_row();
                } else {
                    tokens.ids.truncate(start);
                }
                if let Some(full) = chunk.end_line(is_scored) {
                    yield full;
                }
            }
            yield chunk.rest();
        }
    }
}

/// Refuses a table without a header line. The original skips the first line whatever it holds: a read there would be
/// lost.
async fn check_header(lines: &mut Lines) -> reads::Result<()> {
    let Some(header) = lines.next().await? else { return Err(lines.refuse("expected a header line".to_owned())) };
    let first = header.split(|&byte| byte == b'\t').next().unwrap_or_default();
    let is_kmer = |word: &[u8]| word.len() >= 3 && word.iter().all(|letter| b"ACGTN".contains(letter));
    if first.split(|&byte| byte == b' ').all(is_kmer) {
        return Err(lines.refuse("expected a header line, found k-mers".to_owned()));
    }
    Ok(())
}
