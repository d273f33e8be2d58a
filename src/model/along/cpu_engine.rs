//! The network along the read on our own kernels for the CPU.

use std::num::NonZero;

use super::decoder::LOGITS;
use super::tensors;
use crate::model::cpu::{InstructionSet, along};
use crate::model::device;
use crate::model::engine::{Engine, Scratches};
use crate::model::error::Result;
use crate::model::family::CpuSetup;
use crate::model::load_error::LoadError;
use crate::model::row::Row;
use crate::model::weights::Weights;

/// The network along the read on our own kernels.
#[derive(Debug)]
pub(super) struct CpuEngine {
    engine: along::Engine,
    threads: NonZero<usize>,
    scratches: Scratches<along::Scratch>,
}

impl CpuEngine {
    /// Takes the network's tensors.
    pub(super) fn load(shape: along::Shape, setup: CpuSetup, weights: &mut Weights) -> Result<Self, LoadError> {
        let take = |name: &str, shape: &[usize]| tensors::take(weights, name, shape);
        let engine = along::Engine::new(shape, InstructionSet::detect(), take)?;
        Ok(Self { engine, threads: setup.threads, scratches: Scratches::default() })
    }
}

impl Engine for CpuEngine {
    fn logits(&self, rows: &[Row<'_>]) -> Result<Vec<f32>> {
        Ok(self.scratches.with(|scratch| {
            let all = rows.iter().map(|row| LOGITS * along::positions(*row)).sum();
            let mut logits = Vec::with_capacity(all);
            self.engine.each(rows.iter().copied(), scratch, |of_row| logits.extend_from_slice(of_row));
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
        // Some 20 ms of a thread: few enough that the last ones do not keep one thread busy alone, and that a chunk's records
        // are still in a core's cache from one stage to the next. Memory that lies idle for long would go back to the system
        // and have to be cleared again.
        512
    }
}
