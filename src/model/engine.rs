//! The interface of engines, which compute the logits of rows on any device.

use std::fmt::Debug;

use super::cpu::InstructionSet;
use super::difference::Difference;
use super::error::Result;
use super::row::Row;

/// A network that is loaded and ready on its device.
pub(super) trait Engine: Debug + Send + Sync {
    /// Computes the logits of all rows, concatenated in row order. A row's logits, and their number, depend only on the
    /// row.
    fn logits(&self, rows: &[Row<'_>]) -> Result<Vec<f32>>;

    /// The name of the device for people: `CPU (2 threads, AVX-512)`, `NVIDIA A40`.
    fn device(&self) -> String;

    /// The name of the device with its driver, for reports of a fault.
    fn device_in_full(&self) -> String {
        self.device()
    }

    /// The software that drives the device: `cpu`, `flex`, `wgpu (Vulkan)`, `cuda`.
    fn backend(&self) -> String;

    /// The instruction set of our own kernels, if the engine runs on them.
    fn instruction_set(&self) -> Option<InstructionSet> {
        None
    }

    /// The number of threads that should call [`logits`](Self::logits) at once.
    fn workers(&self) -> usize;

    /// The most rows of a call, for a network with this many parameters: neither an interrupt nor the progress bar
    /// should wait long for one.
    fn rows_per_call(&self, parameters: usize) -> usize;

    /// Compares the first batch of each shape with a plain path from now on, if kernels depend on shapes.
    fn prove_by(&mut self, _proof: Box<dyn Proof>) {}

    /// Notes for the user that have not been reported yet.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

/// The plain path with which an engine is compared while it runs.
pub(super) trait Proof: Debug + Send + Sync {
    /// Chooses the rows of a batch that are compared.
    fn some_of(&self, rows: &[usize]) -> Vec<usize>;

    /// The difference between an engine's logits of rows and those of the plain path.
    fn compare(&self, rows: &[Row<'_>], logits: &[f32]) -> Result<Difference>;
}
