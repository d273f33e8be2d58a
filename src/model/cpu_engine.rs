//! A network on our own kernels for the CPU, whatever its family.

use std::fmt::Debug;
use std::num::NonZero;
use std::sync::{Mutex, PoisonError};

use super::cpu::InstructionSet;
use super::device;
use super::engine::Engine;
use super::error::Result;
use super::row::Row;

/// What a family's kernels compute.
pub(super) trait Kernels: Debug + Send + Sync {
    /// A thread's working memory, kept from call to call.
    type Scratch: Debug + Default + Send;

    /// The logits of all rows, in row order, end to end.
    fn logits(&self, rows: &[Row<'_>], scratch: &mut Self::Scratch) -> Vec<f32>;

    /// What they were made for.
    fn instruction_set(&self) -> InstructionSet;

    /// What they compute with, for people.
    fn arithmetic(&self) -> &'static str {
        self.instruction_set().name()
    }

    /// The most rows a call should have if the network has so many parameters.
    fn rows_per_call(&self, parameters: usize) -> usize;
}

/// An engine that runs a family's kernels on threads of the CPU.
#[derive(Debug)]
pub(super) struct CpuEngine<K: Kernels> {
    kernels: K,
    threads: NonZero<usize>,
    /// One for each thread that has called so far, but for those in use.
    scratches: Mutex<Vec<K::Scratch>>,
}

impl<K: Kernels> CpuEngine<K> {
    /// Kernels that so many threads call at once.
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
