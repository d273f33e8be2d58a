//! The engine of the compact network.

use super::super::InstructionSet;
use super::network::{Network, Scratch};
use super::shape::Shape;
use crate::model::Precision;

/// The compact network, with its weights laid out for one [`InstructionSet`].
#[derive(Debug)]
pub struct Engine {
    network: Network,
    instructions: InstructionSet,
}

impl Engine {
    /// Lays out the weights. The products are too small for tiles, so AMX is used as AVX-512.
    ///
    /// `tensor(name, shape)` returns the tensor of that name, row-major, normalisations folded in.
    ///
    /// # Errors
    /// Whatever `tensor` returns.
    ///
    /// # Panics
    /// If the CPU does not have `instructions` in `precision`, the precision is not f32 or, where the shape takes bytes, int8, or a
    /// tensor does not have as many numbers as its shape says.
    pub fn new<E>(
        shape: Shape,
        instructions: InstructionSet,
        precision: Precision,
        tensor: impl FnMut(&str, &[usize]) -> Result<Vec<f32>, E>,
    ) -> Result<Self, E> {
        let instructions = instructions.without_tiles();
        assert!(
            instructions.is_supported_in(precision),
            "this CPU has no {} in {}",
            instructions.name(),
            precision.name()
        );
        let fits = precision == Precision::F32 || precision == Precision::Int8 && shape.takes_bytes();
        assert!(fits, "a network of this shape has no {}", precision.name());
        Ok(Self { network: Network::new(shape, (instructions, precision), tensor)?, instructions })
    }

    /// Passes the seven logits of each read to `then`, in order: non-coding, then the frames +0 +1 +2 -0 -1 -2.
    ///
    /// A read is given as its overlapping 6-mers; fewer than three count as one padding token in each frame. Its logits
    /// depend on nothing else. Many reads at once are faster than one by one, since the table rows of the next one are
    /// fetched early.
    ///
    /// # Panics
    /// If a token is outside the vocabulary.
    pub fn each<'a>(
        &self,
        reads: impl IntoIterator<Item = &'a [u16]>,
        scratch: &mut Scratch,
        then: impl FnMut([f32; 7]),
    ) {
        // SAFETY: `new` checked that this CPU has the instructions, and laid out the weights for them.
        unsafe { self.network.each(self.instructions, reads, scratch, then) }
    }

    /// Computes the seven logits of one read; see [`each`](Self::each).
    ///
    /// # Panics
    /// If a token is outside the vocabulary.
    #[must_use]
    pub fn forward(&self, ids: &[u16], scratch: &mut Scratch) -> [f32; 7] {
        let mut logits = [0.0; 7];
        self.each([ids], scratch, |of_read| logits = of_read);
        logits
    }

    /// The instruction set in use.
    #[must_use]
    pub fn instruction_set(&self) -> InstructionSet {
        self.instructions
    }
}
