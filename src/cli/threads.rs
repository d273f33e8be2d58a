//! How many threads a run may have, and whether the system gives them.

use std::num::NonZero;
use std::sync::mpsc;
use std::thread::Builder;

use crate::error::{Error, Result};

/// More than any machine has cores.
const MOST: usize = 4096;

/// Threads that a run takes beside those which `--threads` counts: one tokenizes, an output or input has two at most.
const OTHERS: usize = 16;

/// `--threads` as typed.
pub(super) fn number(text: &str) -> std::result::Result<NonZero<usize>, String> {
    let number = text.parse().ok().filter(|number: &NonZero<usize>| number.get() <= MOST);
    number.ok_or_else(|| format!("a number from 1 to {MOST}"))
}

/// As many as asked for, or as this process may use.
pub(super) fn or_all(asked: Option<NonZero<usize>>) -> NonZero<usize> {
    let all = || std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    asked.unwrap_or_else(all)
}

/// How many may block at once: those that ask the model do for the whole run, as many compress meanwhile, and no task may
/// ever wait for one of them to end.
pub(super) fn blocking(threads: NonZero<usize>) -> usize {
    2 * threads.get() + 512
}

/// Starts as many threads as a run takes, and ends them. Later would be too late: a task for which there is no thread waits
/// for ever.
pub(super) fn check(threads: NonZero<usize>) -> Result<()> {
    let count = 3 * threads.get() + OTHERS;
    let mut started = Vec::with_capacity(count);
    let mut outcome = Ok(());
    while started.len() < count && outcome.is_ok() {
        let (end, ended) = mpsc::channel::<()>();
        // It ends when its `end` is dropped.
        match Builder::new().spawn(move || ended.recv().is_ok()) {
            Ok(thread) => started.push((end, thread)),
            Err(source) => outcome = Err(Error::Threads { count, source }),
        }
    }
    // Joined whatever the outcome: `block_on` says why no thread may be detached while it ends.
    for (end, thread) in started {
        drop(end);
        let _always_ends = thread.join();
    }
    outcome
}
