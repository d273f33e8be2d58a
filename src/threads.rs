//! Checks that the system can start the threads of a run before the run relies on them.

use std::io;
use std::sync::mpsc;
use std::thread::Builder;

/// Threads that a run needs beside those that run the model and those that outputs keep: one tokenizes, some read, and some
/// compress a block.
pub(crate) const OTHERS: usize = 16;

/// Starts `count` threads and ends them again. Later would be too late: a task that gets no thread waits for ever.
pub(crate) fn probe(count: usize) -> io::Result<()> {
    let mut started = Vec::with_capacity(count);
    let mut outcome = Ok(());
    while started.len() < count && outcome.is_ok() {
        let (end, ended) = mpsc::channel::<()>();
        // The thread ends when its `end` is dropped.
        match Builder::new().spawn(move || ended.recv().is_ok()) {
            Ok(thread) => started.push((end, thread)),
            Err(source) => outcome = Err(source),
        }
    }
    // Joined whatever the outcome: `cli::runtime` says why no thread may be detached while it ends.
    for (end, thread) in started {
        drop(end);
        let _always_ends = thread.join();
    }
    outcome
}
