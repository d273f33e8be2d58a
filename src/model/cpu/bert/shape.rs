//! The sizes of a BERT.

use super::super::aligned::LINE;

/// The sizes that a checkpoint may choose.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Words of the vocabulary.
    pub vocabulary: usize,
    /// Numbers a token has between layers.
    pub hidden: usize,
    /// How many layers.
    pub layers: usize,
    /// Attention heads, a divisor of `hidden`.
    pub heads: usize,
    /// Numbers a token has inside a layer.
    pub intermediate: usize,
    /// Tokens a read may have at most.
    pub positions: usize,
    /// Token types; all tokens are of the first.
    pub types: usize,
    /// What layer normalisation adds to the variance.
    pub epsilon: f32,
}

impl Shape {
    /// Whether the kernels can run it: rows must be whole cache lines.
    #[must_use]
    pub fn is_supported(&self) -> bool {
        self.hidden.is_multiple_of(LINE) && self.intermediate.is_multiple_of(LINE) && self.layers > 0
    }
}
