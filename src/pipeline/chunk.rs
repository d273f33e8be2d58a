//! What crosses the stages: each type adds one column to the records and drops what is no longer needed.

use super::credit::Price;
use crate::prediction::Prediction;
use crate::reads::Template;
use crate::tokens::Tokens;

/// Consecutive templates.
#[derive(Debug)]
pub(super) struct Chunk {
    /// Its place in the input, from 0.
    pub(super) index: u64,
    pub(super) templates: Vec<Template>,
    /// The credit it took.
    pub(super) price: Price,
}

/// A chunk and the token ids of those of its segments that are long enough to be scored.
#[derive(Debug)]
pub(super) struct Tokenized {
    pub(super) chunk: Chunk,
    pub(super) tokens: Tokens,
}

/// A chunk and one prediction for each row of its tokens.
#[derive(Debug)]
pub(super) struct Classified {
    pub(super) chunk: Chunk,
    pub(super) predictions: Vec<Prediction>,
}
