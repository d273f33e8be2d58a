//! The limits that a shell or a scheduler sets on a process (`ulimit`), and whether a run fits into them.
//!
//! Allocators reserve far more addresses than they ever use: 1 GB at the start, and 64 MB for each thread. Where addresses are
//! limited, whether enough of them are left for the threads' stacks would be a matter of chance. So the program starts itself
//! anew with allocators that reserve little: what they are told in the environment they read before `main`.

use std::process::ExitCode;
use std::thread;

use super::anew;
use crate::error::{Error, Result};

/// What a run with the built-in model and some threads needs, in bytes.
const LEAST_ADDRESS_SPACE: u64 = 400 << 20;

/// What Rust programs exit with after a panic, which has been reported by then.
const PANICKED: u8 = 101;

/// What a run with one input and two outputs has open. With fewer the runtime might not even start, and would panic.
const LEAST_OPEN_FILES: u64 = 16;

/// What the main thread needs; the others bring their own. A debug build needs more than a release.
const LEAST_STACK: u64 = 2 << 20;

/// How allocators are told, and what. The second is for C libraries.
const RESERVE_LITTLE: [(&str, &str); 2] = [("MIMALLOC_ARENA_RESERVE", "32MiB"), ("MALLOC_ARENA_MAX", "1")];

/// This process's limits, as the kernel tells them.
pub(super) struct Limits(String);

impl Limits {
    pub(super) fn read() -> Self {
        Self(std::fs::read_to_string("/proc/self/limits").unwrap_or_default())
    }

    /// Runs the program on a thread of its own where the main one has less stack than it needs (`ulimit -s`).
    pub(super) fn with_enough_stack(&self, run: fn(&Self) -> ExitCode) -> ExitCode {
        if self.soft("Max stack size").is_none_or(|limit| limit >= LEAST_STACK) {
            return run(self);
        }
        let size = usize::try_from(LEAST_STACK).expect("2 MiB");
        let thread = thread::Builder::new().name("main".to_owned()).stack_size(size);
        thread::scope(|scope| match thread.spawn_scoped(scope, || run(self)) {
            Ok(program) => program.join().unwrap_or(ExitCode::from(PANICKED)),
            Err(_) => run(self), // with luck
        })
    }

    /// Returns where there is no limit, or when all is set for those there are.
    pub(super) fn fit(&self) -> Result<()> {
        if let Some(limit) = self.soft("Max open files").filter(|limit| *limit < LEAST_OPEN_FILES) {
            return Err(Error::OpenFiles { limit, least: LEAST_OPEN_FILES });
        }
        let Some(limit) = self.soft("Max address space") else { return Ok(()) };
        if limit < LEAST_ADDRESS_SPACE {
            return Err(Error::AddressSpace { limit, least: LEAST_ADDRESS_SPACE });
        }
        if anew::is_possible() && RESERVE_LITTLE.iter().all(|(name, _)| std::env::var_os(name).is_none()) {
            // Where this fails, the run may still be lucky.
            let _failed = anew::start(RESERVE_LITTLE);
        }
        Ok(())
    }

    /// The soft limit of that name, if there is one.
    fn soft(&self, name: &str) -> Option<u64> {
        let line = self.0.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok() // or `unlimited`
    }
}
