//! A BERT on our own kernels for the CPU.

use std::num::NonZero;

use super::config::BertConfig;
use crate::model::attention::Attention;
use crate::model::cpu::{InstructionSet, bert};
use crate::model::device;
use crate::model::engine::{Engine, Scratches};
use crate::model::error::Result;
use crate::model::family::CpuSetup;
use crate::model::load_error::LoadError;
use crate::model::row::Row;
use crate::model::weights::Weights;

/// A BERT on our own kernels.
#[derive(Debug)]
pub(super) struct CpuEngine {
    engine: bert::Engine,
    /// The tokens that a read is padded to.
    padded: usize,
    threads: NonZero<usize>,
    scratches: Scratches<bert::Scratch>,
}

impl CpuEngine {
    /// Takes the network's tensors; the kernels must support its shape.
    pub(super) fn load(config: &BertConfig, setup: CpuSetup, weights: &mut Weights) -> Result<Self, LoadError> {
        let CpuSetup { attention, precision, threads } = setup;
        let instructions = InstructionSet::detect_in(precision);
        let take = |name: &str, shape: &[usize]| weights.take(name, shape);
        let engine = bert::Engine::new(&config.shape(), instructions, precision, take)?;
        let padded = match attention {
            Attention::Published => config.max_tokens(),
            Attention::Masked => 0,
        };
        Ok(Self { engine, padded, threads, scratches: Scratches::default() })
    }
}

impl Engine for CpuEngine {
    fn logits(&self, rows: &[Row<'_>]) -> Result<Vec<f32>> {
        let logits =
            |scratch: &mut _| rows.iter().flat_map(|row| self.engine.forward(row.ids, self.padded, scratch)).collect();
        Ok(self.scratches.with(logits))
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

    fn rows_per_call(&self, parameters: usize) -> usize {
        /// Parameters times rows that a thread computes in a second or two.
        const THREAD_SHARE: usize = 400_000_000;
        (THREAD_SHARE / parameters.max(1)).clamp(1, 512)
    }
}
