//! Wires the stages with bounded channels, supervises them, and puts the outputs in place once all have succeeded.
//!
//! ```text
//!              Chunk             Tokenized           Classified
//! decode ────▶ ─────▶ tokenize ────▶ ─────▶ infer ────▶ ─────▶ write
//! (async)    crossbeam (threads)  crossbeam (devices)   tokio   (async)
//!    ▲                                                            │
//!    └───────────────────────── credit ───────────────────────────┘
//! ```
//!
//! Each channel holds as many chunks as there are credits, so no send ever waits: decode waits for credit alone, and
//! memory is bounded in one place. If the share of coding reads is to be estimated, write holds the first chunks until
//! the estimate is made. Held chunks give their credit back and count against a part of the memory set aside for them,
//! so that they never keep out the chunks they wait for.

use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::Stream;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};

use crate::error::{Error, Result, Signal};
use crate::outputs::Outputs;
use crate::prediction::Predictions;
use crate::reads::Template;
use crate::tally::Tally;
use crate::threads::{OTHERS, probe};
use crate::tokens::Tokens;
use credit::Credit;
use decode::DecodeConfig;
use hold::Hold;
use infer::Worker;
use tokenize::TokenizeConfig;

mod chunk;
mod credit;
pub mod decode;
mod hold;
mod infer;
pub mod reorder;
pub mod tokenize;
mod write;

/// How long an interrupted run waits for its compute threads. A batch in progress cannot be cancelled; its thread ends
/// with the process.
const GRACE: Duration = Duration::from_millis(300);

/// The running stages; only write returns a tally.
type Stages = JoinSet<Result<Option<Tally>>>;

/// The settings of all stages.
#[derive(Clone, Copy, Debug)]
pub struct PipelineConfig {
    /// How the input is cut into chunks.
    pub decode: DecodeConfig,
    /// Which segments become rows of token ids, and how.
    pub tokenize: TokenizeConfig,
    /// The most threads that run the model.
    pub workers: usize,
    /// The most bytes of reads in flight.
    pub memory: u64,
    /// Bytes of predictions per base of a read: next to nothing, unless reads have many windows.
    pub bytes_per_base: usize,
    /// The number of templates from which the share of coding reads is estimated before any is written; `None` if the
    /// share is given.
    pub estimate_from: Option<usize>,
    /// How far off the model's log odds may be in a genome unlike those it was trained on.
    pub model_error: f64,
}

/// The fraction of the memory, as 1 / n, that templates may hold while they wait for the estimate.
const HELD_PART: u64 = 4;

impl PipelineConfig {
    /// Returns these settings without the audit, so that every read is scored once.
    #[must_use]
    pub fn without_audit(self) -> Self {
        Self { tokenize: TokenizeConfig { audit: None, ..self.tokenize }, ..self }
    }

    /// The most chunks in flight: for each worker, one in work and one waiting; for each other stage, one.
    fn chunks_in_flight(&self) -> usize {
        2 * self.workers + 4
    }
}

/// Sends all `templates` through the model into `outputs`; returns once the last stage has ended.
///
/// # Errors
/// The first error of any stage, or [`Error::Interrupted`] when `interrupt` completes first.
///
/// # Panics
/// If a stage panics, with its panic.
pub async fn run<M, E>(
    config: PipelineConfig,
    templates: impl Stream<Item = Result<Template, E>> + Send + Unpin + 'static,
    classify: M,
    outputs: Outputs,
    interrupt: impl Future<Output = Signal>,
) -> Result<Tally>
where
    M: Fn(&Tokens) -> Result<Predictions> + Clone + Send + 'static,
    E: Into<Error> + Send + 'static,
{
    let slots = config.chunks_in_flight();
    let memory_held = config.estimate_from.map_or(0, |_| config.memory / HELD_PART);
    let credit = Credit::new(config.memory - memory_held, slots, config.bytes_per_base);
    let hold =
        config.estimate_from.map(|templates| Hold::new(templates, credit.bytes_in(memory_held), config.model_error));
    let (chunks, to_tokenize) = crossbeam_channel::bounded(slots);
    let (tokenized, to_infer) = crossbeam_channel::bounded(slots);
    let (classified, to_write) = mpsc::channel(slots);

    // Every end of a channel moves into the stage that uses it: were one left here, that stage's peer would never see
    // the end.
    let mut stages = JoinSet::new();
    let all = Arc::new(OnceLock::new());
    let (decoding, of_all) = (credit.clone(), Arc::clone(&all));
    stages
        .spawn(nothing_to_tell(async move { decode::run(config.decode, templates, decoding, chunks, &of_all).await }));
    stages.spawn_blocking(move || {
        tokenize::run(config.tokenize, &to_tokenize, &tokenized);
        Ok(None)
    });
    let (more, wanted) = mpsc::channel(1);
    let first = Worker { classify, input: to_infer, output: classified, more };
    stages.spawn_blocking(move || first.run().map(|()| None));
    let mut crew = Crew { wanted, running: 1, most: config.workers };
    stages.spawn(async move { write::run(outputs, to_write, credit, hold, &all).await.map(Some) });

    tokio::pin!(interrupt);
    tokio::select! {
        outcome = supervise(&mut stages, &mut crew) => outcome?.ok_or_else(|| Error::Internal("the writer never ended".into())),
        signal = &mut interrupt => {
            stages.abort_all();
            crew.most = 0;
            let _ended_or_late = tokio::time::timeout(GRACE, supervise(&mut stages, &mut crew)).await;
            stages.detach_all();
            Err(Error::Interrupted(signal))
        }
    }
}

/// Adapts a stage that returns no tally.
async fn nothing_to_tell(stage: impl Future<Output = Result<()>>) -> Result<Option<Tally>> {
    stage.await.map(|()| None)
}

/// The threads that run the model: one at first, twice as many whenever a chunk has to wait, up to `most`. So a run
/// with few reads starts few threads, even if it may have many.
struct Crew<M> {
    wanted: mpsc::Receiver<Worker<M>>,
    running: usize,
    most: usize,
}

impl<M> Crew<M>
where
    M: Fn(&Tokens) -> Result<Predictions> + Clone + Send + 'static,
{
    /// Doubles the number of workers, up to `most`.
    fn grow(&mut self, worker: Worker<M>, stages: &mut Stages) -> Result<()> {
        let count = self.running.min(self.most.saturating_sub(self.running));
        if count > 0 {
            let wanted = self.running + count;
            probe(count + OTHERS).map_err(|source| Error::Threads { count: wanted, source })?;
        }
        for worker in std::iter::repeat_n(worker, count) {
            stages.spawn_blocking(move || worker.run().map(|()| None));
        }
        self.running += count;
        if self.running >= self.most {
            self.wanted.close();
        }
        Ok(())
    }
}

/// Joins all stages and returns the first error. On an error, stops decode and write, so that the threads run out of
/// input. Meanwhile lets the crew grow.
async fn supervise<M>(stages: &mut Stages, crew: &mut Crew<M>) -> Result<Option<Tally>>
where
    M: Fn(&Tokens) -> Result<Predictions> + Clone + Send + 'static,
{
    let mut outcome = Ok(None);
    loop {
        let ended = tokio::select! {
            ended = stages.join_next() => match ended {
                None => return outcome,
                Some(ended) => flatten(ended),
            },
            Some(worker) = crew.wanted.recv() => match outcome {
                Ok(_) => crew.grow(worker, stages).map(|()| None),
                Err(_) => Ok(None),
            },
        };
        match (ended, &outcome) {
            (Ok(Some(tally)), Ok(_)) => outcome = Ok(Some(tally)),
            (Err(error), Ok(_)) => {
                stages.abort_all();
                outcome = Err(error);
            }
            _ => {}
        }
    }
}

/// The result of a stage. An aborted stage counts as successful; the panic of a stage is resumed here.
fn flatten(ended: Result<Result<Option<Tally>>, JoinError>) -> Result<Option<Tally>> {
    match ended.map_err(JoinError::try_into_panic) {
        Ok(result) => result,
        Err(Err(_aborted)) => Ok(None),
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
    }
}
