//! Handles the signals that end a run.

use futures::future::select_all;
use tokio::signal::unix::{SignalKind, signal};

use crate::error::{Error, Result, Signal};

/// Completes at the first signal that would end the process: ^C, TERM, QUIT, a closed terminal, a timer, or what
/// schedulers send before their time limit (USR1, USR2, XCPU). Signals that the parent process set to be ignored are
/// left alone, except ^C, QUIT and TERM: shells ignore ^C and QUIT for background jobs, and a scheduler's TERM is
/// meant.
pub(super) fn interrupted() -> Result<impl Future<Output = Signal>> {
    const XCPU: i32 = 24;
    const VTALRM: i32 = 26;
    const PROF: i32 = 27;
    let ignored = ignored();
    let number = |kind: SignalKind| u8::try_from(kind.as_raw_value()).expect("signals are small numbers");
    let timers = [SignalKind::alarm(), SignalKind::from_raw(VTALRM), SignalKind::from_raw(PROF)];
    let limits = [SignalKind::user_defined1(), SignalKind::user_defined2(), SignalKind::from_raw(XCPU)];
    let others = timers.into_iter().chain(limits).map(|kind| (kind, Signal::Other(number(kind))));
    let unless_ignored = others.chain([(SignalKind::hangup(), Signal::Hangup)]);
    let unless_ignored = unless_ignored.filter(|(kind, _)| ignored >> (number(*kind) - 1) & 1 == 0);
    let quit = SignalKind::quit();
    let always = [
        (SignalKind::interrupt(), Signal::Interrupt),
        (quit, Signal::Other(number(quit))),
        (SignalKind::terminate(), Signal::Terminate),
    ];
    let mut waiting = Vec::new();
    for (kind, meaning) in always.into_iter().chain(unless_ignored) {
        let mut heard = signal(kind).map_err(|error| Error::Internal(format!("cannot listen for signals: {error}")))?;
        waiting.push(Box::pin(async move {
            heard.recv().await;
            meaning
        }));
    }
    Ok(async move { select_all(waiting).await.0 })
}

/// Makes a write beyond the file size limit (`ulimit -f`) fail. That ends a run in an orderly way, while the signal
/// would end the process and leave half-written files. Listening to the signal is enough.
pub(super) fn outlive_file_size_limit() -> Result<()> {
    const XFSZ: i32 = 25;
    let failed = |error| Error::Internal(format!("cannot listen for signals: {error}"));
    // Once a process listens to a signal, it keeps doing so, even when this runtime is gone.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().map_err(failed)?;
    let _entered = runtime.enter();
    signal(SignalKind::from_raw(XFSZ)).map(drop).map_err(failed)
}

/// The signals that are ignored, the first in the lowest bit: `nohup` ignores HUP, and listening would undo that. If
/// they cannot be determined, all count as ignored.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(u64::MAX)
}
