//! What computes the logits of rows, whatever it runs on.

use std::fmt::Debug;

use super::cpu::InstructionSet;
use super::difference::Difference;
use super::error::Result;
use super::row::Row;

/// A network that is loaded and ready on its device.
pub(super) trait Engine: Debug + Send + Sync {
    /// The logits of all rows, in row order, end to end. A row's logits, and how many it has, depend on nothing but the row.
    fn logits(&self, rows: &[Row<'_>]) -> Result<Vec<f32>>;

    /// The device, for people: `CPU (2 threads, AVX-512)`, `NVIDIA A40`.
    fn device(&self) -> String;

    /// The device with its driver, for reports of a fault.
    fn device_in_full(&self) -> String {
        self.device()
    }

    /// What drives the device: `cpu`, `flex`, `wgpu (Vulkan)`, `cuda`.
    fn backend(&self) -> String;

    /// Which instructions our own kernels use, if it is they that run.
    fn instruction_set(&self) -> Option<InstructionSet> {
        None
    }

    /// How many threads should call [`logits`](Self::logits) at once.
    fn workers(&self) -> usize;

    /// The most rows a call should have if the network has so many parameters: neither an interrupt nor the progress bar
    /// should wait long for one.
    fn rows_per_call(&self, parameters: usize) -> usize;

    /// From now on, the first batch of each shape is compared with a plain path's answers, if kernels depend on shapes.
    fn prove_by(&mut self, _proof: Box<dyn Proof>) {}

    /// What the user should know and was not told before.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

/// What an engine is compared with while it runs.
pub(super) trait Proof: Debug + Send + Sync {
    /// Those of a batch's rows that are compared.
    fn some_of(&self, rows: &[usize]) -> Vec<usize>;

    /// How far an engine's logits of rows are from the right ones.
    fn compare(&self, rows: &[Row<'_>], logits: &[f32]) -> Result<Difference>;
}
