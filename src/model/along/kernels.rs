//! Runs the network along the read on our own kernels for the CPU.

use super::decoder::LOGITS;
use super::tensors;
use crate::model::cpu::InstructionSet;
use crate::model::cpu::along::{Engine, Scratch, Shape, positions};
use crate::model::cpu_engine::Kernels;
use crate::model::load_error::LoadError;
use crate::model::row::Row;
use crate::model::weights::Weights;

/// Creates the engine for a network of this shape, with its tensors.
pub(super) fn load(shape: Shape, instructions: InstructionSet, weights: &mut Weights) -> Result<Engine, LoadError> {
    Engine::new(shape, instructions, |name, shape| tensors::take(weights, name, shape))
}

impl Kernels for Engine {
    type Scratch = Scratch;

    fn logits(&self, rows: &[Row<'_>], scratch: &mut Scratch) -> Vec<f32> {
        let all = rows.iter().map(|row| LOGITS * positions(*row)).sum();
        let mut logits = Vec::with_capacity(all);
        self.each(rows.iter().copied(), scratch, |of_row| logits.extend_from_slice(of_row));
        logits
    }

    fn instruction_set(&self) -> InstructionSet {
        self.instruction_set()
    }

    fn rows_per_call(&self, _parameters: usize) -> usize {
        // Some 20 ms of a thread's time. This is few enough that the last rows do not keep one thread busy alone, and
        // that the records of a chunk are still in a core's cache from one stage to the next. Memory that lies idle for
        // long would go back to the system and have to be cleared again.
        512
    }
}
