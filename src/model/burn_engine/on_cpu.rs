//! Runs a network on burn's CPU backend. Each row is a batch of its own, at its own length: nothing can depend on other
//! rows, and burn's CPU backend gains nothing from larger batches. The rows are spread over threads.

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

/// A pool of our own threads, so that the limit holds for burn's parallel loops too.
pub(in crate::model) fn pool(threads: NonZero<usize>) -> Result<rayon::ThreadPool, DeviceError> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads.get())
        .thread_name(|thread| format!("infer-{thread}"))
        .build()
        .map_err(|source| DeviceError::Threads { threads, source: source.into() })
}

/// Reads a tensor that is on the CPU.
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
        1 // a call spreads its rows over the pool's threads
    }

    fn rows_per_call(&self, parameters: usize) -> usize {
        /// Parameters times rows that a thread computes in one or two seconds.
        const THREAD_SHARE: usize = 300_000_000;
        self.threads.get() * (THREAD_SHARE / parameters.max(1)).clamp(1, 512)
    }
}
