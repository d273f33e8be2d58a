//! Runs a network on burn: plans rows into batches, sends them through, brings the logits back in row order.
//!
//! On the CPU every row is a batch of its own, at its own length: nothing can depend on what else is in the batch, and
//! burn's CPU backend gains nothing from larger ones. The rows are spread over threads. On a GPU batches are large, and how
//! large is found by trying.

use std::any::Any;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use burn::tensor::{Device, Tensor};
use rayon::prelude::*;

use super::batch_rows::BatchRows;
use super::batches::{Batch, Limits, Padding, plan};
use super::bert::{self, Bert};
use super::checkpoint::{Settings, Weights};
use super::compact::windows::tokens_a_frame;
use super::compact::{self, Compact};
use super::form::Form;
use super::{Attention, Error, Problem, Result, device};

/// Rows a GPU batch of a BERT has at first; attention takes some 4 MB a row.
const BERT_ROWS: usize = 32;
/// Windows a GPU batch of a compact model has at first; the embeddings of one take 75 kB.
const COMPACT_ROWS: usize = 1024;
/// How many times as many are tried: half a gigabyte for either.
const MORE: usize = 4;
/// BERT rows are padded to multiples of this on a GPU, in masked mode.
const BERT_STEP: usize = 32;
/// A compact model's frames are padded to multiples of this on a GPU: 98 tokens (300 bases) become 104, 48 (150) stay.
const COMPACT_STEP: usize = 8;

/// A network of either family.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is only one")]
pub(super) enum Network {
    Bert(Bert),
    Compact(Compact),
}

/// How many calls a GPU works on at once: while it computes one's batch, the other's is uploaded and queued, and the one
/// before is read back. More would only take memory.
const CALLS_A_GPU: usize = 2;

/// A network on its devices.
#[derive(Debug)]
pub(super) struct Runner {
    lane: Lane,
    /// Batches that did not fit.
    notes: Mutex<Vec<String>>,
}

/// What differs between the CPU and GPUs.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is only one")]
enum Lane {
    Cpu {
        network: Network,
        /// Our own threads, so that `--threads` holds for burn's parallel loops too.
        pool: rayon::ThreadPool,
    },
    Gpus {
        all: Vec<Gpu>,
        /// How many calls each of them works on.
        busy: Mutex<Vec<usize>>,
    },
}

/// A network on one GPU.
#[derive(Debug)]
struct Gpu {
    network: Network,
    device: Device,
    name: String,
    rows: Mutex<BatchRows>,
    /// One batch is queued at a time, so that its answer is queued right behind it and not behind another batch.
    queue: Mutex<()>,
}

impl Network {
    /// The network a checkpoint describes, on a device.
    pub(super) fn load(
        settings: &Settings,
        attention: Attention,
        form: Form,
        weights: &mut Weights,
        device: &Device,
    ) -> Result<Self, Problem> {
        match settings {
            Settings::Bert { config, .. } => Bert::load(config, attention, form, weights, device).map(Self::Bert),
            Settings::Compact(config) => Compact::load(config, form, weights, device).map(Self::Compact),
        }
    }

    /// How many logits a row has.
    fn logits(&self) -> usize {
        match self {
            Self::Bert(_) => bert::LABELS,
            Self::Compact(_) => compact::LOGITS,
        }
    }

    /// The length a row of k-mers has inside the network.
    fn length(&self, kmers: usize) -> usize {
        match self {
            Self::Bert(_) => Bert::length(kmers),
            Self::Compact(_) => tokens_a_frame(kmers + 5),
        }
    }

    /// How rows are padded, in multiples of `step` where they may be of any length.
    fn padding(&self, step: usize) -> Padding {
        let fixed = match self {
            Self::Bert(bert) => bert.fixed_length(),
            Self::Compact(_) => None,
        };
        fixed.map_or(Padding::ToMultipleOf(step), Padding::To)
    }

    fn forward(&self, rows: &[&[u16]], padded: usize, device: &Device) -> Tensor<2> {
        match self {
            Self::Bert(bert) => bert.forward(rows, padded, device),
            Self::Compact(compact) => compact.forward(rows, padded, device),
        }
    }
}

impl Runner {
    /// A network on the CPU.
    pub(super) fn on_cpu(network: Network, threads: usize) -> Result<Self, device::Problem> {
        let threads = threads.max(1);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|thread| format!("infer-{thread}"))
            .build()
            .map_err(|source| device::Problem::Threads { threads, source })?;
        Ok(Self { lane: Lane::Cpu { network, pool }, notes: Mutex::default() })
    }

    /// The same network on each of these GPUs.
    pub(super) fn on_gpus(networks: Vec<(Network, device::Gpu)>, batch_size: Option<usize>) -> Self {
        let gpus = networks.into_iter().map(|(network, gpu)| {
            let own = match network {
                Network::Bert(_) => BERT_ROWS,
                Network::Compact(_) => COMPACT_ROWS,
            };
            let rows = batch_size.map_or(BatchRows::tried(own, MORE * own), BatchRows::fixed);
            Gpu { network, device: gpu.device, name: gpu.adapter.name, rows: rows.into(), queue: Mutex::default() }
        });
        let all: Vec<Gpu> = gpus.collect();
        let busy = Mutex::new(vec![0; all.len()]);
        Self { lane: Lane::Gpus { all, busy }, notes: Mutex::default() }
    }

    /// How many threads should call [`logits`](Self::logits) at once.
    pub(super) fn workers(&self) -> usize {
        match &self.lane {
            Lane::Cpu { .. } => 1, // a call's rows are spread over the pool's threads
            Lane::Gpus { all, .. } => CALLS_A_GPU * all.len(),
        }
    }

    /// Rows a GPU works on at once, if it runs on GPUs.
    pub(super) fn gpu_rows(&self) -> Option<usize> {
        match &self.lane {
            Lane::Cpu { .. } => None,
            Lane::Gpus { all, .. } => all.iter().map(|gpu| gpu.rows().now()).min(),
        }
    }

    /// What batches did not fit, unless it was told before.
    pub(super) fn notes(&self) -> Vec<String> {
        std::mem::take(&mut *self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The logits of all rows, in row order, end to end.
    pub(super) fn logits(&self, rows: &[&[u16]]) -> Result<Vec<f32>> {
        match &self.lane {
            Lane::Cpu { network, pool } => on_pool(network, pool, rows),
            Lane::Gpus { all, busy } => {
                let counts = || busy.lock().unwrap_or_else(PoisonError::into_inner);
                let free = {
                    let mut counts = counts();
                    let free = (0..counts.len()).min_by_key(|&gpu| counts[gpu]).expect("there is a GPU");
                    counts[free] += 1;
                    free
                };
                let logits = all[free].logits(rows, &self.notes);
                counts()[free] -= 1;
                logits
            }
        }
    }
}

/// Every row a batch of its own, at its own length, on the CPU.
fn on_pool(network: &Network, pool: &rayon::ThreadPool, rows: &[&[u16]]) -> Result<Vec<f32>> {
    let width = network.logits();
    let device = device::cpu();
    let mut all = vec![0.0; rows.len() * width];
    pool.install(|| {
        all.par_chunks_mut(width).zip(rows).try_for_each(|(logits, row)| -> Result<()> {
            let padded = network.padding(1).padded(network.length(row.len()));
            let answer = network.forward(&[*row], padded, &device).try_into_vec_as::<f32>();
            let failed = |error: &dyn std::fmt::Display| failed("the CPU", error.to_string());
            logits.copy_from_slice(&answer.map_err(|error| failed(&error))?);
            Ok(())
        })
    })?;
    Ok(all)
}

impl Gpu {
    /// The logits of all rows, in row order, end to end.
    fn logits(&self, rows: &[&[u16]], notes: &Mutex<Vec<String>>) -> Result<Vec<f32>> {
        let width = self.network.logits();
        let lengths: Vec<usize> = rows.iter().map(|row| self.network.length(row.len())).collect();
        let step = match self.network {
            Network::Bert(_) => BERT_STEP,
            Network::Compact(_) => COMPACT_STEP,
        };
        let padding = self.network.padding(step);
        let limits = Limits { rows: self.rows().now(), tokens: usize::MAX, padding };
        let mut all = vec![0.0; rows.len() * width];
        for batch in plan(&lengths, &limits) {
            let logits = self.halving(&batch, rows, notes)?;
            for (&row, logits) in batch.rows.iter().zip(logits.chunks(width)) {
                all[row * width..][..width].copy_from_slice(logits);
            }
        }
        Ok(all)
    }

    fn rows(&self) -> MutexGuard<'_, BatchRows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The logits of one batch, in smaller ones if the device cannot take it whole.
    fn halving(&self, batch: &Batch, rows: &[&[u16]], notes: &Mutex<Vec<String>>) -> Result<Vec<f32>> {
        let most = batch.rows.len().min(self.rows().now());
        let (logits, taken) = in_halves(most, batch.rows.len(), |range| {
            self.forward(&Batch { rows: batch.rows[range].to_vec(), bucket: batch.bucket }, rows)
        })
        .map_err(|reason| failed(&self.name, reason))?;
        if let Some((taken, reason)) = taken {
            self.rows().no_more_than(taken);
            let note = format!(
                "the device could not take a batch of {} reads ({reason}); going on with {taken}",
                batch.rows.len()
            );
            notes.lock().unwrap_or_else(PoisonError::into_inner).push(note);
        } else {
            self.rows().came_back(batch.rows.len(), batch.bucket, Instant::now());
        }
        Ok(logits)
    }

    /// The logits of one batch, or what the device said.
    fn forward(&self, batch: &Batch, rows: &[&[u16]]) -> Result<Vec<f32>, String> {
        let rows: Vec<&[u16]> = batch.rows.iter().map(|&row| rows[row]).collect();
        // burn reports most of what goes wrong on a GPU at the read, but an allocation that fails may panic.
        let logits = {
            let _queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            let queued = catch(|| {
                let logits = self.network.forward(&rows, batch.bucket, &self.device);
                // burn holds steps back that it may join into one kernel: the last ones would wait for the read, behind
                // the other call's batch.
                self.device.flush().map(|()| logits)
            });
            queued?.map_err(|error| error.to_string())?
        };
        catch(|| logits.try_into_vec_as::<f32>())?.map_err(|error| error.to_string())
    }
}

/// What `run` gives, or what it said when it panicked.
fn catch<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| message(panic.as_ref()))
}

fn failed(device: &str, reason: String) -> Error {
    device::Problem::Failed { device: device.to_owned(), reason }.into()
}

/// Outputs, and where the first size failed, the size that went through and the first failure.
type InHalves<T> = (Vec<T>, Option<(usize, String)>);

/// Runs `all` items through `run` in pieces of `most`, halving when it fails; gives up when a single item fails.
fn in_halves<T>(
    most: usize,
    all: usize,
    mut run: impl FnMut(std::ops::Range<usize>) -> Result<Vec<T>, String>,
) -> Result<InHalves<T>, String> {
    let mut size = NonZero::new(most).unwrap_or(NonZero::<usize>::MIN).get();
    let mut first = None;
    let mut done = 0;
    let mut outputs = Vec::new();
    while done < all {
        let end = all.min(done + size);
        match run(done..end) {
            Ok(some) => {
                outputs.extend(some);
                done = end;
            }
            Err(reason) if end - done == 1 => return Err(first.unwrap_or(reason)),
            Err(reason) => {
                size = (end - done) / 2;
                first.get_or_insert(reason);
            }
        }
    }
    Ok((outputs, first.map(|reason| (size, reason))))
}

/// What a panic said.
pub(super) fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it panicked").lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_device_that_takes_any_row_gets_them_all_in_order(all in 0_usize..200, most in 1_usize..64, room in 1_usize..64) {
            let run = |range: std::ops::Range<usize>| if range.len() > room { Err("full".to_owned()) } else { Ok(range.collect()) };
            let (rows, taken) = in_halves(most, all, run).unwrap();
            prop_assert_eq!(rows, (0..all).collect::<Vec<_>>());
            prop_assert_eq!(taken.is_some(), most.min(all) > room);
            prop_assert!(taken.is_none_or(|(size, reason)| size <= room && reason == "full"));
        }
    }

    #[test]
    fn a_device_that_takes_no_row_is_given_up() {
        let outcome = in_halves(8, 20, |_| Err::<Vec<()>, _>("broken".to_owned()));
        assert_eq!(outcome.unwrap_err(), "broken");
    }
}
