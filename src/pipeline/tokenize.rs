//! Turns the bases of a chunk into token ids: one row for each segment long enough to be scored.

use crossbeam_channel::{Receiver, Sender};

use super::chunk::{Chunk, Tokenized};
use crate::kmer::{self, Letters};
use crate::reads::{Record, Template};
use crate::sample::Sample;
use crate::tokens::Tokens;
use crate::windows::Windows;

/// How segments are turned into token ids.
#[derive(Clone, Copy, Debug)]
pub struct TokenizeConfig {
    /// The length k of the model's k-mers.
    pub k: usize,
    /// The most k-mers of a segment that the model reads.
    pub longest: Option<usize>,
    /// The fewest known bases of a segment that is scored.
    pub min_length: usize,
    /// Which letters count as bases.
    pub letters: Letters,
    /// The windows over each segment that are scored; `None` if segments are scored whole.
    pub windows: Option<Windows>,
    /// Which templates are also scored on a plain path, if any.
    pub audit: Option<Sample>,
}

impl TokenizeConfig {
    fn audits(&self, template: &Template) -> bool {
        self.audit.is_some_and(|sample| sample.takes(template.name()))
    }

    /// The number of predictions for a segment: 0 if it has too few known bases to be scored.
    fn predictions(&self, segment: &Record) -> usize {
        let bases = segment.bases();
        let enough = self.min_length.max(self.k);
        if bases.len() < enough || self.letters.known(bases) < enough {
            return 0;
        }
        self.windows.map_or(1, |windows| windows.over(bases.len()).len())
    }
}

/// Runs until the input ends or the receiver is gone.
pub(super) fn run(config: TokenizeConfig, input: &Receiver<Chunk>, output: &Sender<Tokenized>) {
    for chunk in input {
        let (counts, tokens) = tokenize(config, &chunk);
        if output.send(Tokenized { chunk, counts, tokens }).is_err() {
            return;
        }
    }
}

/// Returns how many predictions each segment gets, and a row for each segment that gets any.
fn tokenize(config: TokenizeConfig, chunk: &Chunk) -> (Vec<u32>, Tokens) {
    let segments = || chunk.templates.iter().flat_map(|template| &template.segments);
    let counts: Vec<u32> = segments()
        .map(|segment| u32::try_from(config.predictions(segment)).expect("a read has fewer than 2^32 bases"))
        .collect();
    let scored = || segments().zip(&counts).filter(|(_, count)| **count > 0).map(|(segment, _)| segment);
    let longest = config.longest.map_or(usize::MAX, |longest| longest + config.k);
    let mut tokens = Tokens::default();
    // Reserves room for all ids at once: growing would copy them into memory that the kernel has to clear first.
    tokens.ids.reserve(scored().map(|segment| segment.bases().len().min(longest)).sum());
    let mut each = counts.iter();
    for template in &chunk.templates {
        let is_audited = config.audits(template);
        for (segment, _) in template.segments.iter().zip(&mut each).filter(|(_, count)| **count > 0) {
            kmer::tokenize_letters(config.letters, segment.bases(), config.k, config.longest, &mut tokens.ids);
            tokens.end_row();
            if is_audited {
                tokens.audit_row();
            }
        }
    }
    (counts, tokens)
}
