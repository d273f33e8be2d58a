//! Runs a BERT on our own kernels for the CPU.

use super::config::BertConfig;
use crate::model::attention::Attention;
use crate::model::cpu::InstructionSet;
use crate::model::cpu::bert::{Engine, Scratch};
use crate::model::cpu_engine::Kernels;
use crate::model::family::CpuSetup;
use crate::model::load_error::LoadError;
use crate::model::row::Row;
use crate::model::weights::Weights;

/// The engine of a BERT, and how far it pads reads.
#[derive(Debug)]
pub(super) struct BertKernels {
    engine: Engine,
    /// The number of tokens that a read is padded to.
    padded: usize,
}

impl BertKernels {
    /// Loads the network from its tensors; the kernels must support its shape.
    pub(super) fn load(config: &BertConfig, setup: CpuSetup, weights: &mut Weights) -> Result<Self, LoadError> {
        let CpuSetup { attention, precision, instructions, .. } = setup;
        let take = |name: &str, shape: &[usize]| weights.take(name, shape);
        let engine = Engine::new(&config.shape(), instructions, precision, take)?;
        let padded = match attention {
            Attention::Published => config.max_tokens(),
            Attention::Masked => 0,
        };
        Ok(Self { engine, padded })
    }
}

impl Kernels for BertKernels {
    type Scratch = Scratch;

    fn logits(&self, rows: &[Row<'_>], scratch: &mut Scratch) -> Vec<f32> {
        rows.iter().flat_map(|row| self.engine.forward(row.ids, self.padded, scratch)).collect()
    }

    fn instruction_set(&self) -> InstructionSet {
        self.engine.instruction_set()
    }

    fn arithmetic(&self) -> &'static str {
        let splits = self.engine.splits_f32();
        if splits { "AMX, f32 as sums of bf16" } else { self.engine.instruction_set().name() }
    }

    fn rows_per_call(&self, parameters: usize) -> usize {
        /// Parameters times rows that a thread computes in one or two seconds.
        const THREAD_SHARE: usize = 400_000_000;
        (THREAD_SHARE / parameters.max(1)).clamp(1, 512)
    }
}
