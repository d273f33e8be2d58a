//! The number of threads of a run.

use std::num::NonZero;

/// The most threads: more than any machine has cores.
const MOST: usize = 4096;

/// The most threads for async tasks. These are few: those that read and write, and what feeds the compressing threads.
const MOST_ASYNC: usize = 8;

/// Parses `--threads`.
pub(super) fn number(text: &str) -> Result<NonZero<usize>, String> {
    let number = text.parse().ok().filter(|number: &NonZero<usize>| number.get() <= MOST);
    number.ok_or_else(|| format!("expected a number from 1 to {MOST}"))
}

/// The number asked for, or else the number of CPUs that this process may use.
pub(super) fn or_all(asked: Option<NonZero<usize>>) -> NonZero<usize> {
    let all = || std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    asked.unwrap_or_else(all)
}

/// The number of threads that run async tasks.
pub(super) fn running_async(threads: NonZero<usize>) -> usize {
    threads.get().min(MOST_ASYNC)
}

/// The number of threads that may block at once. Those that run the model do so for the whole run, as many compress
/// meanwhile, and no task may ever have to wait for one of them to end.
pub(super) fn blocking(threads: NonZero<usize>) -> usize {
    2 * threads.get() + 512
}
