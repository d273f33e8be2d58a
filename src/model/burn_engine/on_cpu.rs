//! A network on burn's CPU backend. Every row is a batch of its own, at its own length: nothing can depend on what else is in
//! the batch, and burn's CPU backend gains nothing from larger ones. The rows are spread over threads.

use std::num::NonZero;

use rayon::prelude::*;

use super::network::{Network, padding};
use crate::model::device::{self, DeviceError};
use crate::model::engine::Engine;
use crate::model::error::Result;
use crate::model::row::Row;

/// A network on the CPU.
#[derive(Debug)]
pub(in crate::model) struct OnCpu {
    network: Box<dyn Network>,
    threads: NonZero<usize>,
    /// Threads of our own, so that the limit holds for burn's parallel loops too.
    pool: rayon::ThreadPool,
}

impl OnCpu {
    pub(in crate::model) fn new(network: Box<dyn Network>, threads: NonZero<usize>) -> Result<Self, DeviceError> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads.get())
            .thread_name(|thread| format!("infer-{thread}"))
            .build()
            .map_err(|source| DeviceError::Threads { threads, source })?;
        Ok(Self { network, threads, pool })
    }
}

impl Engine for OnCpu {
    fn logits(&self, rows: &[Row<'_>]) -> Result<Vec<f32>> {
        let network = self.network.as_ref();
        let device = device::cpu();
        let logits_of = |row: &Row<'_>| network.logits_of(network.length(*row));
        let mut all = vec![0.0; rows.iter().map(logits_of).sum()];
        let mut rest = &mut all[..];
        let each = rows.iter().map(|row| (*row, rest.split_off_mut(..logits_of(row)).expect("as many as summed up")));
        let each: Vec<(Row<'_>, &mut [f32])> = each.collect();
        self.pool.install(|| {
            each.into_par_iter().try_for_each(|(row, logits)| -> Result<()> {
                let length = padding(network, 1).padded(network.length(row));
                let answer = network.forward(&[row], length, &device).try_into_vec_as::<f32>();
                let answer = answer.map_err(|error| DeviceError::failed("the CPU", error.to_string()))?;
                logits.copy_from_slice(&answer[..logits.len()]);
                Ok(())
            })
        })?;
        Ok(all)
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
