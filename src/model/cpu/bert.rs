//! BERT on the CPU: our own kernels, one read at a time at its exact length, the same answer whatever runs beside it.
//!
//! [`Engine`] computes what `model/bert.rs` defines, several times as fast as burn does on the CPU:
//! - weights are packed once for the registers they are multiplied in, and shared by all threads (`gemm`);
//! - bias, residual and GELU are applied to a product's numbers while they are in the cache next to the registers
//!   (`linear`); softmax and GELU are polynomials over whole registers (`lanes`);
//! - in [`Precision::Bf16`] and [`Precision::Int8`] the linear layers, nine tenths of the work, are multiplied in those
//!   words and summed in f32 or integers, and attention in bf16 where that is faster than f32 (`words`); the residual
//!   stream, normalisation and softmax stay in f32.

mod attention;
pub mod kernels;
mod linear;
mod network;
mod norm;
#[cfg(test)]
mod tests;
mod words;

pub use network::Scratch;
use network::{Forward, LABELS, Network};

use super::aligned::LINE;
use super::{Path, lanes};
use crate::model::Precision;

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

/// A BERT, its weights laid out for one [`Path`] and one [`Precision`].
#[derive(Debug)]
pub struct Engine {
    network: Network,
    path: Path,
}

impl Engine {
    /// Lays out the weights: `tensor(name, shape)` returns the tensor of that name in Hugging Face's `BERT`, row-major.
    ///
    /// # Errors
    /// Whatever `tensor` returns.
    ///
    /// # Panics
    /// If the CPU cannot do `path` in `precision`, the shape is not supported, or a tensor has not as many numbers as its
    /// shape says.
    pub fn new<E>(
        shape: &Shape,
        path: Path,
        precision: Precision,
        tensor: impl FnMut(&str, &[usize]) -> Result<Vec<f32>, E>,
    ) -> Result<Self, E> {
        assert!(path.is_supported_in(precision), "this CPU has no {} in {}", path.name(), precision.name());
        assert!(shape.is_supported(), "no sizes for these kernels");
        Ok(Self { network: Network::new(shape, path, precision, tensor)?, path })
    }

    /// The logits of one read, non-coding and coding, given its k-mers without special tokens.
    ///
    /// It is padded to `padded` tokens, special ones included, which are attended to with a score less by one, as the
    /// published evaluation did; a read that has more stays as it is: with 0 nothing is padded, which is the same as
    /// padding that is not attended to.
    ///
    /// # Panics
    /// If a token is outside the vocabulary, or there are more tokens than positions.
    #[must_use]
    pub fn forward(&self, ids: &[u16], padded: usize, scratch: &mut Scratch) -> [f32; LABELS] {
        let forward = Forward { network: &self.network, ids, padded, scratch };
        // SAFETY: `new` saw that this CPU has the path's instructions, and the precision's.
        unsafe { lanes::run(self.path, forward) }
    }

    /// Which instructions it uses.
    #[must_use]
    pub fn path(&self) -> Path {
        self.path
    }
}
