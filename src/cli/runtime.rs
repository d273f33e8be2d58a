//! The threads a subcommand runs on.

use std::num::NonZero;

use super::hints::print_warning;
use super::print::print;
use super::{signals, threads};
use crate::blocking::is_at_the_end;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::threads::{OTHERS, probe};
use crate::warning::Warning;

/// A whole run, until it ends or a signal comes.
pub(super) fn run(config: Config) -> Result<()> {
    let warn = warn(config.quiet);
    block_on_beside(config.threads_of_outputs(), config.threads, async {
        // The future holds the whole config.
        Box::pin(crate::run::run(config, signals::interrupted()?, warn)).await.map(drop)
    })
}

/// Says on stdout what a run would do.
pub(super) fn dry_run(config: Config) -> Result<()> {
    let warn = warn(config.quiet);
    let plan = block_on(config.threads, async { crate::run::dry_run(config, signals::interrupted()?, warn).await })?;
    print(&plan.to_string())
}

/// Prints warnings, unless only errors are to be printed.
fn warn(quiet: bool) -> impl Fn(&Warning) {
    move |warning| {
        if !quiet {
            print_warning(warning);
        }
    }
}

/// Work that a signal ends, unless it puts its outputs in place already.
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

/// Runs on a runtime of its own.
pub(super) fn block_on<T>(threads: NonZero<usize>, work: impl Future<Output = Result<T>>) -> Result<T> {
    block_on_beside(0, threads, work)
}

/// The same beside so many threads of outputs, if there can be as many.
///
/// The runtime is left behind: a pending read of stdin or a batch in a compute thread would otherwise hold the process open
/// after all has been said and done. It is forgotten, not shut down in the background: that detaches threads which are about
/// to end, and glibc's `pthread_detach` then may read what such a thread has unmapped (a crash after the outputs were in
/// place, seen once, with 600 threads on a busy machine).
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
