//! The command line: flags as typed, their help, and how they become settings. The only home of clap.

use std::io::Write;
use std::num::NonZero;
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

use crate::config::Config;
use crate::error::{Error, Result, Signal};
use crate::reads::output::failed;
use crate::run::{print_error, run};

mod common;
mod device;
mod model;
mod reads;
mod score;
mod split;
mod threads;
mod windows;

/// Split sequencing reads into coding (CDS) and non-coding, de novo, with a neural model.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, max_term_width = 110, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Split(Box<split::Args>),
    Score(Box<score::Args>),
    Device(device::Args),
    Model(model::Args),
}

/// Parses the command line, does what it says, prints what went wrong.
#[must_use]
pub fn main() -> ExitCode {
    silence_decoders();
    let command: Vec<String> = std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect();
    let outcome = match Cli::parse().command {
        Command::Split(args) => args.into_config(command).and_then(block_on_run),
        Command::Score(args) => args.into_config(command).and_then(block_on_run),
        Command::Device(args) => device::run(&args),
        Command::Model(args) => model::run(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if !matches!(error, Error::Reads(crate::reads::Error::OutputClosed)) {
                print_error(&error);
            }
            ExitCode::from(error.exit_code())
        }
    }
}

/// A decoder that panics over a damaged file is reported as an error of that file.
fn silence_decoders() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !crate::reads::is_damage_reported_elsewhere() {
            print(panic);
        }
    }));
}

fn block_on_run(config: Config) -> Result<()> {
    block_on(config.threads, async { run(config, interrupted()?).await.map(drop) })
}

/// Runs on a runtime of its own, which is left behind: a pending read of stdin or a batch in a compute thread would
/// otherwise hold the process open after all has been said and done. It is forgotten, not shut down in the background:
/// that detaches threads which are about to end, and glibc's `pthread_detach` then may read what such a thread has
/// unmapped (a crash after the outputs were in place, seen once, with 600 threads on a busy machine).
fn block_on<T>(threads: NonZero<usize>, work: impl Future<Output = Result<T>>) -> Result<T> {
    threads::check(threads)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads.get())
        .max_blocking_threads(threads::blocking(threads))
        .enable_all()
        .build()
        .map_err(|error| Error::Internal(format!("cannot start the runtime: {error}")))?;
    let outcome = runtime.block_on(work);
    std::mem::forget(runtime);
    outcome
}

/// Completes at the first ^C or TERM, or when the terminal is closed.
fn interrupted() -> Result<impl Future<Output = Signal>> {
    let listen = |kind| signal(kind).map_err(|error| Error::Internal(format!("cannot listen for signals: {error}")));
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    let mut hangup = if ignores_hangup() { None } else { Some(listen(SignalKind::hangup())?) };
    let hung_up = async move {
        match &mut hangup {
            Some(hangup) => hangup.recv().await,
            None => std::future::pending().await,
        }
    };
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => Signal::Interrupt,
            _ = terminate.recv() => Signal::Terminate,
            _ = hung_up => Signal::Hangup,
        }
    })
}

/// Whether we were started to outlive the terminal (`nohup`), which listening would undo. Where that cannot be seen, we
/// leave HUP as it is.
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_none_or(|mask| mask & 1 == 1) // signal 1, the lowest bit
}

/// Prints what the user asked for.
fn print(text: &str) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    let printed = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    printed.map_err(|source| failed(Path::new("-"), source).into())
}
