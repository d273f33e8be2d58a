//! Runs a compact network on our own kernels for the CPU.

use super::predictions::LOGITS;
use super::tensors;
use crate::model::cpu::InstructionSet;
use crate::model::cpu::compact::{Engine, Scratch, Shape};
use crate::model::cpu_engine::Kernels;
use crate::model::family::CpuSetup;
use crate::model::load_error::LoadError;
use crate::model::row::Row;
use crate::model::weights::Weights;

/// Creates the engine for a network of this shape, with its tensors.
pub(super) fn load(shape: Shape, setup: CpuSetup, weights: &mut Weights) -> Result<Engine, LoadError> {
    let CpuSetup { precision, instructions, .. } = setup;
    Engine::new(shape, instructions, precision, |name, shape| tensors::take(weights, name, shape))
}

impl Kernels for Engine {
    type Scratch = Scratch;

    fn logits(&self, rows: &[Row<'_>], scratch: &mut Scratch) -> Vec<f32> {
        let mut logits = Vec::with_capacity(rows.len() * LOGITS);
        self.each(rows.iter().map(|row| row.ids), scratch, |of_row| logits.extend(of_row));
        logits
    }

    fn instruction_set(&self) -> InstructionSet {
        self.instruction_set()
    }

    fn rows_per_call(&self, _parameters: usize) -> usize {
        // Some 15 ms of a thread's time. This is few enough that the last rows do not keep one thread busy alone, and
        // that the records of a chunk are still in a core's cache from one stage to the next. Memory that lies idle for
        // long would go back to the system and have to be cleared again.
        512
    }
}
