//! Runs blocking work on a thread of its own, so that it does not hold up the async threads.

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the last work of this process, which no signal interrupts, has begun.
static AT_THE_END: AtomicBool = AtomicBool::new(false);

/// Runs `work`, which waits for a disk or computes for long, on a blocking thread. If it panics, so does the caller.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic()))
}

/// Runs the last `work` of a run, such as putting outputs in place, on a blocking thread. A signal no longer stops it,
/// since it would be left half done.
pub(crate) async fn to_the_end<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    AT_THE_END.store(true, Ordering::Relaxed);
    blocking(work).await
}

/// Whether [`to_the_end`] has been called, so that signals come too late.
pub(crate) fn is_at_the_end() -> bool {
    AT_THE_END.load(Ordering::Relaxed)
}
