//! The threads that a subcommand runs on.

use std::num::NonZero;

use super::hints::print_warning;
use super::print::print;
use super::{signals, threads};
use crate::blocking::is_at_the_end;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::threads::{OTHERS, probe};
use crate::warning::Warning;

/// Runs until the end or a signal.
pub(super) fn run(config: Config) -> Result<()> {
    let warn = warn(config.quiet);
    block_on_beside(config.threads_of_outputs(), config.threads, async {
        // Boxed, since the future holds the whole config.
        Box::pin(crate::run::run(config, signals::interrupted()?, warn)).await.map(drop)
    })
}

/// Prints on stdout what a run would do.
pub(super) fn dry_run(config: Config) -> Result<()> {
    let warn = warn(config.quiet);
    let plan = block_on(config.threads, async { crate::run::dry_run(config, signals::interrupted()?, warn).await })?;
    print(&plan.to_string())
}

/// Returns a function that prints warnings, unless only errors are to be printed.
fn warn(quiet: bool) -> impl Fn(&Warning) {
    move |warning| {
        if !quiet {
            print_warning(warning);
        }
    }
}

/// Runs `work`, which a signal ends unless it is already putting its outputs in place.
pub(super) fn unless_interrupted<T>(threads: NonZero<usize>, work: impl Future<Output = Result<T>>) -> Result<T> {
    block_on(threads, async {
        let interrupted = signals::interrupted()?;
        let mut work = std::pin::pin!(work);
        let signal = tokio::select! {
            done = &mut work => return done,
            signal = interrupted => signal,
        };
        if is_at_the_end() { work.await } else { Err(Error::Interrupted(signal)) }
    })
}

/// Runs `work` on a new runtime.
pub(super) fn block_on<T>(threads: NonZero<usize>, work: impl Future<Output = Result<T>>) -> Result<T> {
    block_on_beside(0, threads, work)
}

/// Runs `work` on a new runtime, if the system grants its threads and those of the `outputs`.
///
/// The runtime is left behind: a pending read of stdin or a batch in a compute thread would otherwise keep the process alive
/// after everything has been done. The runtime is forgotten instead of being shut down in the background: that would detach
/// threads that are about to end, and glibc's `pthread_detach` may then read memory that such a thread has unmapped (a crash
/// after the outputs were in place, seen once, with 600 threads on a busy machine).
fn block_on_beside<T>(outputs: usize, threads: NonZero<usize>, work: impl Future<Output = Result<T>>) -> Result<T> {
    let running_async = threads::running_async(threads);
    let count = running_async + OTHERS + outputs;
    probe(count).map_err(|source| Error::Threads { count, source })?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(running_async)
        .max_blocking_threads(threads::blocking(threads))
        .enable_all()
        .build()
        .map_err(|error| Error::Internal(format!("cannot start the runtime: {error}")))?;
    let outcome = runtime.block_on(work);
    std::mem::forget(runtime);
    outcome
}
