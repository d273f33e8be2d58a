//! A network on burn's CPU backend. Every row is a batch of its own, at its own length: nothing can depend on what else is in
//! the batch, and burn's CPU backend gains nothing from larger ones. The rows are spread over threads.

use std::num::NonZero;

use burn::tensor::Tensor;
use rayon::prelude::*;

use super::network::{Network, logits_of_row};
use crate::model::device::{self, DeviceError};
use crate::model::engine::Engine;
use crate::model::error::Result;
use crate::model::row::Row;

/// A network on the CPU.
#[derive(Debug)]
pub(in crate::model) struct OnCpu {
    network: Box<dyn Network>,
    threads: NonZero<usize>,
    pool: rayon::ThreadPool,
}

impl OnCpu {
    pub(in crate::model) fn new(network: Box<dyn Network>, threads: NonZero<usize>) -> Result<Self, DeviceError> {
        Ok(Self { network, threads, pool: pool(threads)? })
    }
}

/// Threads of our own, so that a limit holds for burn's parallel loops too.
pub(in crate::model) fn pool(threads: NonZero<usize>) -> Result<rayon::ThreadPool, DeviceError> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads.get())
        .thread_name(|thread| format!("infer-{thread}"))
        .build()
        .map_err(|source| DeviceError::Threads { threads, source: source.into() })
}

/// Numbers that are on the CPU.
pub(in crate::model) fn numbers(tensor: Tensor<2>) -> Result<Vec<f32>, DeviceError> {
    tensor.try_into_vec_as::<f32>().map_err(|error| DeviceError::failed("the CPU", error.to_string()))
}

impl Engine for OnCpu {
    fn logits(&self, rows: &[Row<'_>]) -> Result<Vec<f32>> {
        let network = self.network.as_ref();
        let device = device::cpu();
        let logits = |row: &Row<'_>| numbers(logits_of_row(network, *row, &device));
        let each: Vec<_> = self.pool.install(|| rows.par_iter().map(logits).collect::<Result<_, DeviceError>>())?;
        Ok(each.concat())
    }

    fn device(&self) -> String {
        device::cpu_name_with(self.threads, "burn")
    }

    fn backend(&self) -> String {
        "flex".to_owned()
    }

    fn workers(&self) -> usize {
        1 // the rows of a call are spread over the pool's threads
    }

    fn rows_per_call(&self, parameters: usize) -> usize {
        /// Parameters times rows that a thread computes in a second or two.
        const THREAD_SHARE: usize = 300_000_000;
        self.threads.get() * (THREAD_SHARE / parameters.max(1)).clamp(1, 512)
    }
}
