//! The types passed from stage to stage: each adds a column to the records and drops what is no longer needed.

use super::credit::Price;
use crate::prediction::Answers;
use crate::reads::Template;
use crate::tokens::Tokens;

/// Consecutive templates, which go through the pipeline together.
#[derive(Debug)]
pub(super) struct Chunk {
    /// The chunk's place in the input, from 0.
    pub(super) index: u64,
    pub(super) templates: Vec<Template>,
    /// The credit that the chunk took.
    pub(super) price: Price,
}

/// A chunk and the token ids for the model.
#[derive(Debug)]
pub(super) struct Tokenized {
    pub(super) chunk: Chunk,
    /// The number of predictions that each segment will have: 0 if it is too short to be scored.
    pub(super) counts: Vec<u32>,
    /// One row for each segment that is scored.
    pub(super) tokens: Tokens,
}

/// A chunk and the model's predictions for each of its segments.
#[derive(Debug)]
pub(super) struct Classified {
    pub(super) chunk: Chunk,
    pub(super) answers: Answers,
}
