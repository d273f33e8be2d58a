//! A compact network on our own kernels for the CPU.

use std::num::NonZero;

use super::predictions::LOGITS;
use super::tensors;
use crate::model::cpu::{InstructionSet, compact};
use crate::model::device;
use crate::model::engine::{Engine, Scratches};
use crate::model::error::Result;
use crate::model::family::CpuSetup;
use crate::model::load_error::LoadError;
use crate::model::row::Row;
use crate::model::weights::Weights;

/// A compact network on our own kernels.
#[derive(Debug)]
pub(super) struct CpuEngine {
    engine: compact::Engine,
    threads: NonZero<usize>,
    scratches: Scratches<compact::Scratch>,
}

impl CpuEngine {
    /// Takes the network's tensors.
    pub(super) fn load(shape: compact::Shape, setup: CpuSetup, weights: &mut Weights) -> Result<Self, LoadError> {
        let CpuSetup { precision, threads, .. } = setup;
        let instructions = InstructionSet::detect_in(precision);
        let take = |name: &str, shape: &[usize]| tensors::take(weights, name, shape);
        let engine = compact::Engine::new(shape, instructions, precision, take)?;
        Ok(Self { engine, threads, scratches: Scratches::default() })
    }
}

impl Engine for CpuEngine {
    fn logits(&self, rows: &[Row<'_>]) -> Result<Vec<f32>> {
        Ok(self.scratches.with(|scratch| {
            let mut logits = Vec::with_capacity(rows.len() * LOGITS);
            self.engine.each(rows.iter().map(|row| row.ids), scratch, |of_row| logits.extend(of_row));
            logits
        }))
    }

    fn device(&self) -> String {
        device::cpu_name_with(self.threads, self.engine.instruction_set().name())
    }

    fn backend(&self) -> String {
        "cpu".to_owned()
    }

    fn workers(&self) -> usize {
        self.threads.get()
    }

    fn rows_per_call(&self, _parameters: usize) -> usize {
        // Some 15 ms of a thread: few enough that the last ones do not keep one thread busy alone, and that a chunk's records
        // are still in a core's cache from one stage to the next. Memory that lies idle for long would go back to the system
        // and have to be cleared again.
        512
    }
}
