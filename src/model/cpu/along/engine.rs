//! The engine of the network along the read.

use super::super::InstructionSet;
use super::network::{Network, Scratch};
use super::shape::Shape;
use crate::model::row::Row;

/// The network, with its weights laid out for one [`InstructionSet`].
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
    /// If the CPU does not have `instructions`, the shape has no level, or a tensor does not have as many numbers as its shape
    /// says.
    pub fn new<E>(
        shape: Shape,
        instructions: InstructionSet,
        tensor: impl FnMut(&str, &[usize]) -> Result<Vec<f32>, E>,
    ) -> Result<Self, E> {
        let instructions = instructions.without_tiles();
        assert!(instructions.is_supported(), "this CPU has no {}", instructions.name());
        assert!(shape.levels > 0, "a network needs a level");
        Ok(Self { network: Network::new(shape, instructions, tensor)?, instructions })
    }

    /// Passes the logits of each row to `then`, in order: seven for each position (none, plus 0 1 2, minus 0 1 2).
    ///
    /// The logits of a row depend on nothing else. Many rows at once are faster than one by one, since the table rows
    /// of the next one are fetched early.
    ///
    /// # Panics
    /// If a row has no token, one outside the vocabulary, or more than eight bases of padding before it.
    pub fn each<'a>(&self, rows: impl IntoIterator<Item = Row<'a>>, scratch: &mut Scratch, then: impl FnMut(&[f32])) {
        // SAFETY: `new` checked that this CPU has the instructions, and laid out the weights for them.
        unsafe { self.network.each(self.instructions, rows, scratch, then) }
    }

    /// The instruction set in use.
    #[must_use]
    pub fn instruction_set(&self) -> InstructionSet {
        self.instructions
    }
}
