//! Computes the plain path's answers for the reads that an engine is checked with. A BERT of full size takes one or two
//! seconds for them, so they are computed while the engine is loaded.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread::{self, JoinHandle};

use super::burn_engine::on_cpu::{numbers, pool};
use super::burn_engine::tensors::Tensors;
use super::checkpoint::Checkpoint;
use super::device::{self, DeviceError};
use super::engines::refused;
use super::error::Result;
use super::options::Options;

/// Answers that a thread computes with burn on the CPU, in f32.
pub(super) struct Expected {
    /// The reads, as rows of k-mers.
    pub(super) rows: Vec<Vec<u16>>,
    logits: JoinHandle<Result<Vec<f32>>>,
}

impl Expected {
    /// Starts to compute the model's answers to `rows`, from its files.
    pub(super) fn begin(options: &Options, rows: Vec<Vec<u16>>) -> Result<Self, DeviceError> {
        let (options, asked) = (options.clone(), rows.clone());
        let logits = thread::Builder::new().spawn(move || logits(&options, &asked));
        match logits {
            Ok(logits) => Ok(Self { rows, logits }),
            Err(source) => Err(DeviceError::Threads { threads: NonZero::<usize>::MIN, source: source.into() }),
        }
    }

    /// Waits for the logits of all rows, concatenated.
    pub(super) fn logits(self) -> Result<Vec<f32>> {
        self.logits.join().unwrap_or_else(|panic| resume_unwind(panic))
    }
}

fn logits(options: &Options, rows: &[Vec<u16>]) -> Result<Vec<f32>> {
    /// The most threads: there are no more reads, and further threads hardly help with a single read.
    const MOST_THREADS: NonZero<usize> = NonZero::new(8).unwrap();
    let refused = |problem| refused(options, problem);
    let Checkpoint { family, mut weights, .. } = Checkpoint::open(&options.source).map_err(refused)?;
    let (rows, device): (Vec<&[u16]>, _) = (rows.iter().map(Vec::as_slice).collect(), device::cpu());
    let logits = pool(options.threads.min(MOST_THREADS))?.install(|| {
        let tensors = &mut Tensors::stored(&mut weights, &device);
        family.burn_logits(options.attention, &family.network_rows(&rows), tensors)
    });
    let each: Vec<_> = logits.map_err(refused)?.into_iter().map(numbers).collect::<Result<_, DeviceError>>()?;
    Ok(each.concat())
}
