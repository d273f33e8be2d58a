//! Networks on burn, on the CPU or on GPUs: rows are planned into batches, logits come back in row order.

mod batch_rows;
mod batches;
pub(super) mod form;
pub(super) mod gpus;
mod halving;
pub(super) mod network;
pub(super) mod on_cpu;
pub(super) mod upload;
