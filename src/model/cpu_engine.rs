//! Runs a network on our own kernels for the CPU, whatever its family.

use std::fmt::Debug;
use std::num::NonZero;
use std::sync::{Mutex, PoisonError};

use super::cpu::InstructionSet;
use super::device;
use super::engine::Engine;
use super::error::Result;
use super::row::Row;

/// The kernels of a family.
pub(super) trait Kernels: Debug + Send + Sync {
    /// A thread's working memory, reused from call to call.
    type Scratch: Debug + Default + Send;

    /// Computes the logits of all rows, concatenated in row order.
    fn logits(&self, rows: &[Row<'_>], scratch: &mut Self::Scratch) -> Vec<f32>;

    /// The instruction set that the kernels were made for.
    fn instruction_set(&self) -> InstructionSet;

    /// The arithmetic of the kernels, for people.
    fn arithmetic(&self) -> &'static str {
        self.instruction_set().name()
    }

    /// The most rows of a call, for a network with this many parameters.
    fn rows_per_call(&self, parameters: usize) -> usize;
}

/// An engine that runs a family's kernels on threads of the CPU.
#[derive(Debug)]
pub(super) struct CpuEngine<K: Kernels> {
    kernels: K,
    threads: NonZero<usize>,
    /// The working memories that are not in use, one for each thread that has called so far.
    scratches: Mutex<Vec<K::Scratch>>,
}

impl<K: Kernels> CpuEngine<K> {
    /// Creates an engine whose kernels are called by this many threads at once.
    pub(super) fn new(kernels: K, threads: NonZero<usize>) -> Self {
        Self { kernels, threads, scratches: Mutex::default() }
    }
}

impl<K: Kernels> Engine for CpuEngine<K> {
    fn logits(&self, rows: &[Row<'_>]) -> Result<Vec<f32>> {
        let free = || self.scratches.lock().unwrap_or_else(PoisonError::into_inner);
        let mut scratch = free().pop().unwrap_or_default();
        let logits = self.kernels.logits(rows, &mut scratch);
        free().push(scratch);
        Ok(logits)
    }

    fn device(&self) -> String {
        device::cpu_name_with(self.threads, self.kernels.arithmetic())
    }

    fn backend(&self) -> String {
        "cpu".to_owned()
    }

    fn instruction_set(&self) -> Option<InstructionSet> {
        Some(self.kernels.instruction_set())
    }

    fn workers(&self) -> usize {
        self.threads.get()
    }

    fn rows_per_call(&self, parameters: usize) -> usize {
        self.kernels.rows_per_call(parameters)
    }
}
