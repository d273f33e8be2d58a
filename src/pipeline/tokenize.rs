//! Turns the bases of a chunk into token ids: one row a segment long enough to be scored.

use crossbeam_channel::{Receiver, Sender};

use super::chunk::{Chunk, Tokenized};
use crate::kmer::{self, Letters};
use crate::reads::Record;
use crate::tokens::Tokens;

/// What is tokenized, and how.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// The k of the model's k-mers.
    pub k: usize,
    /// How many k-mers of a segment the model reads at most.
    pub longest: Option<usize>,
    /// Segments with fewer bases that are not N are not scored.
    pub min_length: usize,
    /// Which letters count as bases.
    pub letters: Letters,
}

impl Config {
    /// Whether a segment has enough bases to be scored: an N tells nothing.
    #[must_use]
    pub fn scores(&self, segment: &Record) -> bool {
        let bases = segment.bases();
        let enough = self.min_length.max(self.k);
        bases.len() >= enough && bases.len() - memchr::memchr2_iter(b'N', b'n', bases).count() >= enough
    }
}

/// Runs until the input ends or nobody takes the output any more.
pub(super) fn run(config: Config, input: &Receiver<Chunk>, output: &Sender<Tokenized>) {
    for chunk in input {
        let tokens = tokenize(config, &chunk);
        if output.send(Tokenized { chunk, tokens }).is_err() {
            return;
        }
    }
}

fn tokenize(config: Config, chunk: &Chunk) -> Tokens {
    let segments = || chunk.templates.iter().flat_map(|template| &template.segments).filter(|s| config.scores(s));
    let longest = config.longest.map_or(usize::MAX, |longest| longest + config.k);
    let mut tokens = Tokens::default();
    // Room for all at once: growing would copy them, into memory that the kernel has to clear first.
    tokens.ids.reserve(segments().map(|segment| segment.bases().len().min(longest)).sum());
    for segment in segments() {
        kmer::tokenize_letters(config.letters, segment.bases(), config.k, config.longest, &mut tokens.ids);
        tokens.end_row();
    }
    tokens
}
