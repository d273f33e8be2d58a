//! Trains a model on labelled reads: reads their table, trains, and writes a directory with the model.

mod about;
mod batches;
mod calibrated;
mod config;
mod course;
mod held_out;
mod log;
mod outcome;
mod reading;
mod width;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::blocking::blocking;
use crate::error::{Error, Result, Signal};
use crate::model::{Start, Trainer};
pub use config::{Changes, HoldOut, TrainConfig};
use course::Course;
pub use outcome::{Look, Trained};
use reading::Reads;

/// Trains to the end, or until `interrupt` completes; then the best model so far is written.
///
/// # Errors
/// If nothing can be learnt from the table, the model cannot be trained, or the directory exists or cannot be written.
pub async fn train(config: TrainConfig, interrupt: impl Future<Output = Signal>) -> Result<Trained> {
    let mut interrupt = std::pin::pin!(interrupt);
    let prepared = prepare(&config);
    let (trainer, reads) = tokio::select! {
        prepared = prepared => prepared?,
        signal = &mut interrupt => return Err(Error::Interrupted(signal)),
    };
    let stop = Arc::new(AtomicBool::new(false));
    let heard = Arc::clone(&stop);
    let mut work = std::pin::pin!(blocking(move || Course::run(config, trainer, reads, &heard)));
    let (done, signal) = tokio::select! {
        done = &mut work => (done, None),
        signal = interrupt => {
            stop.store(true, Ordering::Relaxed);
            (work.await, Some(signal))
        }
    };
    match (done?, signal) {
        (Some(model), interrupted) => Ok(Trained { interrupted, ..model }),
        (None, Some(signal)) => Err(Error::Interrupted(signal)),
        (None, None) => Err(Error::Internal("a training ended without a model".to_owned())),
    }
}

/// Opens the model and reads the table of reads.
async fn prepare(config: &TrainConfig) -> Result<(Trainer, Reads)> {
    let (options, output) = (config.from.clone(), config.output.clone());
    let start = Start { seed: config.seed, from_scratch: config.from_scratch };
    blocking(move || Trainer::check_output(&output)).await?;
    let trainer = blocking(move || Trainer::open(&options, start)).await?;
    let reads = Reads::read(config, &trainer).await?;
    Ok((trainer, reads))
}
