//! How many threads a run may have.

use std::num::NonZero;

/// More than any machine has cores.
const MOST: usize = 4096;

/// Async tasks are few: those that read and write, and what feeds the threads that compress. More threads would idle.
const MOST_ASYNC: usize = 8;

/// `--threads` as typed.
pub(super) fn number(text: &str) -> Result<NonZero<usize>, String> {
    let number = text.parse().ok().filter(|number: &NonZero<usize>| number.get() <= MOST);
    number.ok_or_else(|| format!("expected a number from 1 to {MOST}"))
}

/// As many as asked for, or as this process may use.
pub(super) fn or_all(asked: Option<NonZero<usize>>) -> NonZero<usize> {
    let all = || std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    asked.unwrap_or_else(all)
}

/// How many run async tasks.
pub(super) fn running_async(threads: NonZero<usize>) -> usize {
    threads.get().min(MOST_ASYNC)
}

/// How many may block at once: those that ask the model do for the whole run, as many compress meanwhile, and no task may
/// ever wait for one of them to end.
pub(super) fn blocking(threads: NonZero<usize>) -> usize {
    2 * threads.get() + 512
}
