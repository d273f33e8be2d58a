//! The sizes of a BERT.

use super::super::aligned::LINE;

/// The sizes that a checkpoint may choose.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// The number of words in the vocabulary.
    pub vocabulary: usize,
    /// The number of values per token between layers.
    pub hidden: usize,
    /// The number of layers.
    pub layers: usize,
    /// The number of attention heads, a divisor of `hidden`.
    pub heads: usize,
    /// The number of values per token inside a layer.
    pub intermediate: usize,
    /// The most tokens of a read.
    pub positions: usize,
    /// The number of token types; all tokens are of the first.
    pub types: usize,
    /// The number that layer normalisation adds to the variance.
    pub epsilon: f32,
}

impl Shape {
    /// Whether the kernels support this shape: rows must be whole cache lines.
    #[must_use]
    pub fn is_supported(&self) -> bool {
        self.hidden.is_multiple_of(LINE) && self.intermediate.is_multiple_of(LINE) && self.layers > 0
    }
}
