//! Runs networks on burn, on the CPU or on GPUs: rows are planned into batches, and logits are returned in row order.

pub(super) mod batch_norm;
mod batch_rows;
pub(super) mod batches;
pub(super) mod dropout;
pub(super) mod form;
pub(super) mod gpus;
pub(super) mod halving;
pub(super) mod network;
pub(super) mod on_cpu;
pub(super) mod silu;
pub(super) mod tensors;
pub(super) mod upload;
