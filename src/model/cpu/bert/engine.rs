//! The engine of BERT.

use super::super::{InstructionSet, dispatch};
use super::encoding::Encoding;
use super::network::{Forward, LABELS, Network, Scratch};
use super::shape::Shape;
use crate::model::Precision;

/// A BERT, with its weights laid out for one [`InstructionSet`] and one [`Precision`].
#[derive(Debug)]
pub struct Engine {
    network: Network,
    instructions: InstructionSet,
}

impl Engine {
    /// Lays out the weights. `tensor(name, shape)` returns the tensor with that name in Hugging Face's `BERT`,
    /// row-major.
    ///
    /// # Errors
    /// Whatever `tensor` returns.
    ///
    /// # Panics
    /// If the CPU does not have `instructions` in `precision`, the shape is not supported, or a tensor does not have as many numbers as
    /// its shape says.
    pub fn new<E>(
        shape: &Shape,
        instructions: InstructionSet,
        precision: Precision,
        tensor: impl FnMut(&str, &[usize]) -> Result<Vec<f32>, E>,
    ) -> Result<Self, E> {
        assert!(
            instructions.is_supported_in(precision),
            "this CPU has no {} in {}",
            instructions.name(),
            precision.name()
        );
        assert!(shape.is_supported(), "the kernels do not support this shape");
        let linear = Encoding::of_linear(precision, instructions);
        let attention = Encoding::of_attention(precision, instructions);
        let packings = dispatch::packings(instructions);
        Ok(Self { network: Network::new(shape, (linear, attention), packings, tensor)?, instructions })
    }

    /// Computes the logits of one read, non-coding and coding, from its k-mers without special tokens.
    ///
    /// The read is padded to `padded` tokens, including special ones. The scores of padding are less by one, as in the
    /// published evaluation. A read with more tokens stays as it is; so 0 means no padding, which gives the same result
    /// as padding that is not attended to.
    ///
    /// # Panics
    /// If a token is outside the vocabulary, or there are more tokens than positions.
    #[must_use]
    pub fn forward(&self, ids: &[u16], padded: usize, scratch: &mut Scratch) -> [f32; LABELS] {
        let forward = Forward { network: &self.network, ids, padded, scratch };
        // SAFETY: `new` checked that this CPU has the instructions, and those of the precision.
        unsafe { dispatch::run(self.instructions, forward) }
    }

    /// The instruction set in use.
    #[must_use]
    pub fn instruction_set(&self) -> InstructionSet {
        self.instructions
    }

    /// Whether linear layers multiply f32 in parts.
    #[must_use]
    pub fn splits_f32(&self) -> bool {
        self.network.linear == Encoding::SplitBf16
    }
}
