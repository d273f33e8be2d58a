//! Runs a network on GPUs. Batches are large; how large is found by trial.

use std::collections::HashSet;
use std::num::NonZero;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use burn::tensor::Device;

use super::batch_rows::BatchRows;
use super::batches::{Batch, plan};
use super::halving::in_halves;
use super::network::{Network, padding};
use crate::model::device::{self, DeviceError, GpuPath};
use crate::model::difference::Difference;
use crate::model::engine::{Engine, Proof};
use crate::model::error::Result;
use crate::model::panics::catch;
use crate::model::row::Row;

/// The largest batch that is tried, as a multiple of the first: about half a gigabyte for a BERT and for `compact`.
const LARGEST: usize = 4;
/// The number of calls that a GPU works on at once: while it computes the batch of one call, the other's is uploaded
/// and queued, and the previous result is read back. More would only take memory.
const CALLS_PER_GPU: usize = 2;

/// The same network on each of several GPUs.
#[derive(Debug)]
pub(in crate::model) struct Gpus {
    all: Vec<Gpu>,
    /// The number of calls that each GPU works on.
    busy: Mutex<Vec<usize>>,
    backend: String,
    /// Notes on batches that did not fit.
    notes: Mutex<Vec<String>>,
    /// The plain path with which the first batch of each shape is compared, if any.
    proof: Option<Box<dyn Proof>>,
}

/// A network on one GPU.
#[derive(Debug)]
struct Gpu {
    network: Box<dyn Network>,
    device: Device,
    name: String,
    /// The name of the GPU with its driver.
    in_full: String,
    rows: Mutex<BatchRows>,
    /// The shapes of batches that were compared: rows, rounded up to a power of two as for the choice of kernels, and
    /// length.
    proven: Mutex<HashSet<(usize, usize)>>,
    /// Held while a batch is queued, so that the read of its result is queued right behind it and not behind another
    /// batch.
    queue: Mutex<()>,
}

impl Gpus {
    /// # Panics
    /// If there is no GPU.
    pub(in crate::model) fn new(
        networks: Vec<(Box<dyn Network>, device::Gpu)>,
        batch_size: Option<NonZero<usize>>,
    ) -> Self {
        let first = networks.first().expect("there is a GPU");
        let without = GpuPath::of_this_process().does_without().map(|what| format!(", {what}")).unwrap_or_default();
        let backend = first.1.adapter.backend() + &without;
        let gpus = networks.into_iter().map(|(network, gpu)| {
            let first = network.gpu_batches().rows;
            let rows = batch_size.map_or(BatchRows::tried(first, LARGEST * first), |rows| BatchRows::fixed(rows.get()));
            let (device, in_full, name) = (gpu.device, gpu.adapter.in_full(), gpu.adapter.name);
            Gpu { network, device, name, in_full, rows: rows.into(), proven: Mutex::default(), queue: Mutex::default() }
        });
        let all: Vec<Gpu> = gpus.collect();
        let busy = Mutex::new(vec![0; all.len()]);
        Self { all, busy, backend, notes: Mutex::default(), proof: None }
    }
}

impl Engine for Gpus {
    fn logits(&self, rows: &[Row<'_>]) -> Result<Vec<f32>> {
        let counts = || locked(&self.busy);
        let free = {
            let mut counts = counts();
            let free = (0..counts.len()).min_by_key(|&gpu| counts[gpu]).expect("there is a GPU");
            counts[free] += 1;
            free
        };
        let logits = self.all[free].logits(rows, &self.notes, self.proof.as_deref());
        counts()[free] -= 1;
        logits
    }

    fn device(&self) -> String {
        self.all.iter().map(|gpu| gpu.name.as_str()).collect::<Vec<_>>().join(", ")
    }

    fn device_in_full(&self) -> String {
        self.all.iter().map(|gpu| gpu.in_full.as_str()).collect::<Vec<_>>().join(", ")
    }

    fn backend(&self) -> String {
        self.backend.clone()
    }

    fn workers(&self) -> usize {
        CALLS_PER_GPU * self.all.len()
    }

    fn rows_per_call(&self, _parameters: usize) -> usize {
        /// The number of batches of the first size, so that the last, smaller one costs little.
        const BATCHES: usize = 16;
        BATCHES * self.all.iter().map(|gpu| gpu.rows().now()).min().expect("there is a GPU")
    }

    fn prove_by(&mut self, proof: Box<dyn Proof>) {
        self.proof = Some(proof);
    }

    fn notes(&self) -> Vec<String> {
        std::mem::take(&mut *locked(&self.notes))
    }
}

impl Gpu {
    /// The logits of all rows, concatenated in row order.
    fn logits(&self, rows: &[Row<'_>], notes: &Mutex<Vec<String>>, proof: Option<&dyn Proof>) -> Result<Vec<f32>> {
        let lengths: Vec<usize> = rows.iter().map(|row| self.network.length(*row)).collect();
        let padding = padding(self.network.as_ref(), self.network.gpu_batches().step);
        let mut end = 0;
        let places = lengths.iter().map(|&length| {
            let start = end;
            end += self.network.logits_of(length);
            start..end
        });
        let places: Vec<Range<usize>> = places.collect();
        let mut all = vec![0.0; end];
        // A separate statement: in the head of the loop, the lock on `rows` would be held while the loop runs.
        let batches = plan(&lengths, self.rows().now(), padding);
        for batch in batches {
            let logits = self.halving(&batch, rows, notes)?;
            for (&row, logits) in batch.rows.iter().zip(logits.chunks(self.network.logits_of(batch.length))) {
                let own = &mut all[places[row].clone()];
                own.copy_from_slice(&logits[..own.len()]);
            }
            if let Some(proof) = proof.filter(|_| self.is_new(&batch)) {
                let some = proof.some_of(&batch.rows);
                let theirs: Vec<f32> = some.iter().flat_map(|&row| &all[places[row].clone()]).copied().collect();
                self.agree(proof.compare(&some.iter().map(|&row| rows[row]).collect::<Vec<_>>(), &theirs)?)?;
            }
        }
        Ok(all)
    }

    /// Whether no batch of this shape has been compared before.
    fn is_new(&self, batch: &Batch) -> bool {
        locked(&self.proven).insert((batch.rows.len().next_power_of_two(), batch.length))
    }

    /// Fails if the difference to the plain path is larger than rounding explains.
    fn agree(&self, difference: Difference) -> Result<(), DeviceError> {
        if difference.is_rounding() && !GpuPath::is_said_to_fail_later() {
            return Ok(());
        }
        let (path, Difference { largest, bound }) = (GpuPath::of_this_process(), difference);
        Err(DeviceError::Drift { device: self.in_full.clone(), path, largest, bound })
    }

    fn rows(&self) -> MutexGuard<'_, BatchRows> {
        locked(&self.rows)
    }

    /// The logits of a batch, computed in smaller batches if the device cannot take it whole.
    fn halving(&self, batch: &Batch, rows: &[Row<'_>], notes: &Mutex<Vec<String>>) -> Result<Vec<f32>> {
        let most = batch.rows.len().min(self.rows().now());
        let (logits, taken) = in_halves(most, batch.rows.len(), |range| {
            self.forward(&Batch { rows: batch.rows[range].to_vec(), length: batch.length }, rows)
        })
        .map_err(|reason| DeviceError::failed(&self.name, reason))?;
        if let Some((taken, reason)) = taken {
            self.rows().no_more_than(taken);
            let note = format!(
                "the device could not take a batch of {} reads ({reason}); going on with {taken}",
                batch.rows.len()
            );
            locked(notes).push(note);
        } else {
            self.rows().came_back(batch.rows.len(), batch.length, Instant::now());
        }
        Ok(logits)
    }

    /// The logits of a batch, or the device's error message.
    fn forward(&self, batch: &Batch, rows: &[Row<'_>]) -> Result<Vec<f32>, String> {
        let rows: Vec<Row<'_>> = batch.rows.iter().map(|&row| rows[row]).collect();
        // burn reports most errors of a GPU when results are read, but a failed allocation may panic.
        let logits = {
            let _queue = locked(&self.queue);
            let queued = catch(|| {
                let logits = self.network.forward(&rows, batch.length, &self.device);
                // burn holds back steps that it may fuse into one kernel: the last ones would wait for the read, behind
                // the other call's batch.
                self.device.flush().map(|()| logits)
            });
            queued?.map_err(|error| error.to_string())?
        };
        catch(|| logits.try_into_vec_as::<f32>())?.map_err(|error| error.to_string())
    }
}

/// Locks a mutex, even if a thread panicked while holding it: none of these values is ever left half changed.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
