//! Work that would hold up the async threads, on one of its own.

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the last work of this process has begun.
static AT_THE_END: AtomicBool = AtomicBool::new(false);

/// The result of `work`, which waits for a disk or computes for long; a panic of it is a panic here.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic()))
}

/// The same for the last work of a run, such as putting outputs in place: a signal comes too late to stop it, since it would be
/// half done.
pub(crate) async fn to_the_end<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    AT_THE_END.store(true, Ordering::Relaxed);
    blocking(work).await
}

/// Whether that has begun.
pub(crate) fn is_at_the_end() -> bool {
    AT_THE_END.load(Ordering::Relaxed)
}
