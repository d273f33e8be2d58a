//! What crosses the stages: each type adds one column to the records and drops what is no longer needed.

use super::credit::Price;
use crate::prediction::Answers;
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

/// A chunk and what the model is asked about it.
#[derive(Debug)]
pub(super) struct Tokenized {
    pub(super) chunk: Chunk,
    /// How many predictions each of its segments will have: none where it is too short to be scored.
    pub(super) counts: Vec<u32>,
    /// A row for each segment that has any.
    pub(super) tokens: Tokens,
}

/// A chunk and what the model said of each of its segments.
#[derive(Debug)]
pub(super) struct Classified {
    pub(super) chunk: Chunk,
    pub(super) answers: Answers,
}
