//! A network of burn's tensors.

use std::fmt::Debug;

use burn::tensor::{Device, Tensor};

use super::batches::Padding;
use crate::model::row::Row;

/// A network of tensors on one device.
pub(in crate::model) trait Network: Debug + Send + Sync {
    /// The length of a row inside the network.
    fn length(&self, row: Row<'_>) -> usize;

    /// How many logits a row of this length has. Those of a row that is padded are the first of the padded length's.
    fn logits_of(&self, length: usize) -> usize;

    /// The length that all rows must be padded to, if the network needs one.
    fn fixed_length(&self) -> Option<usize>;

    /// How its batches on a GPU begin.
    fn gpu_batches(&self) -> GpuBatches;

    /// Logits [rows, logits of `length`] of rows, each padded to `length` inside the network.
    fn forward(&self, rows: &[Row<'_>], length: usize, device: &Device) -> Tensor<2>;
}

/// How a network's batches on a GPU begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) struct GpuBatches {
    /// Rows of the first batches.
    pub(in crate::model) rows: usize,
    /// Rows are padded to multiples of this: the fewer lengths, the fewer kernels a GPU has to tune.
    pub(in crate::model) step: usize,
}

/// The logits [1, logits] of a row that is a batch of its own, as long as the network needs it.
pub(in crate::model) fn logits_of_row(network: &dyn Network, row: Row<'_>, device: &Device) -> Tensor<2> {
    let length = network.length(row);
    let logits = network.forward(&[row], padding(network, 1).padded(length), device);
    logits.narrow(1, 0, network.logits_of(length))
}

/// How a network's rows are padded, in multiples of `step` where they may have any length.
pub(in crate::model) fn padding(network: &dyn Network, step: usize) -> Padding {
    network.fixed_length().map_or(Padding::ToMultipleOf(step), Padding::To)
}
