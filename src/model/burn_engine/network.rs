//! The interface of networks on burn.

use std::fmt::Debug;

use burn::tensor::{Device, Tensor};

use super::batches::Padding;
use crate::model::row::Row;

/// A network on one device, made of burn's tensors.
pub(in crate::model) trait Network: Debug + Send + Sync {
    /// The length of a row inside the network.
    fn length(&self, row: Row<'_>) -> usize;

    /// The number of logits of a row with this length. The logits of a padded row are the first of the padded length's.
    fn logits_of(&self, length: usize) -> usize;

    /// The length that all rows must be padded to, if the network needs one.
    fn fixed_length(&self) -> Option<usize>;

    /// How its batches on a GPU start.
    fn gpu_batches(&self) -> GpuBatches;

    /// Computes logits `[rows, logits of length]`; each row is padded to `length` inside the network.
    fn forward(&self, rows: &[Row<'_>], length: usize, device: &Device) -> Tensor<2>;
}

/// The initial settings of a network's batches on a GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) struct GpuBatches {
    /// The number of rows in the first batches.
    pub(in crate::model) rows: usize,
    /// Rows are padded to multiples of this length: the fewer lengths, the fewer kernels a GPU has to tune.
    pub(in crate::model) step: usize,
}

/// The logits `[1, logits]` of a row in a batch of its own, padded only if the network requires it.
pub(in crate::model) fn logits_of_row(network: &dyn Network, row: Row<'_>, device: &Device) -> Tensor<2> {
    let length = network.length(row);
    let logits = network.forward(&[row], padding(network, 1).padded(length), device);
    logits.narrow(1, 0, network.logits_of(length))
}

/// How a network's rows are padded: to its fixed length if it has one, otherwise to multiples of `step`.
pub(in crate::model) fn padding(network: &dyn Network, step: usize) -> Padding {
    network.fixed_length().map_or(Padding::ToMultipleOf(step), Padding::To)
}
