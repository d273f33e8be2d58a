//! A network of burn's tensors.

use std::fmt::Debug;

use burn::tensor::{Device, Tensor};

use super::batches::Padding;

/// A network of tensors on one device.
pub(in crate::model) trait Network: Debug + Send + Sync {
    /// How many logits a row has.
    fn logits_per_row(&self) -> usize;

    /// The length inside the network of a row of so many k-mers.
    fn length(&self, kmers: usize) -> usize;

    /// The length that all rows must be padded to, if the network needs one.
    fn fixed_length(&self) -> Option<usize>;

    /// How its batches on a GPU begin.
    fn gpu_batches(&self) -> GpuBatches;

    /// Logits [rows, logits] of rows of k-mers, each padded to `length` inside the network.
    fn forward(&self, rows: &[&[u16]], length: usize, device: &Device) -> Tensor<2>;
}

/// How a network's batches on a GPU begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) struct GpuBatches {
    /// Rows of the first batches.
    pub(in crate::model) rows: usize,
    /// Rows are padded to multiples of this: the fewer lengths, the fewer kernels a GPU has to tune.
    pub(in crate::model) step: usize,
}

/// How a network's rows are padded, in multiples of `step` where they may have any length.
pub(super) fn padding(network: &dyn Network, step: usize) -> Padding {
    network.fixed_length().map_or(Padding::ToMultipleOf(step), Padding::To)
}
