//! Checks the limits that a shell or a scheduler sets on a process (`ulimit`).
//!
//! Allocators reserve far more addresses than they ever use: 1 GB at the start, and 64 MB for each thread. If addresses
//! are limited, it would be a matter of chance whether enough are left for the threads' stacks. So the program starts
//! itself anew with allocators that reserve little: they read their settings from the environment before `main`.

use std::process::ExitCode;
use std::thread;

use super::anew;
use crate::error::{Error, Result};

/// The bytes of address space that a run with the built-in model and some threads needs.
const LEAST_ADDRESS_SPACE: u64 = 400 << 20;

/// The exit code of Rust programs after a panic, which has been reported by then.
const PANICKED: u8 = 101;

/// The number of files that a run with one input and two outputs has open. With fewer, the runtime might not even
/// start, and would panic.
const LEAST_OPEN_FILES: u64 = 16;

/// The stack that the main thread needs; others have their own. A debug build needs more than a release build.
const LEAST_STACK: u64 = 2 << 20;

/// The environment variables that make allocators reserve little. The second is for C libraries.
const RESERVE_LITTLE: [(&str, &str); 2] = [("MIMALLOC_ARENA_RESERVE", "32MiB"), ("MALLOC_ARENA_MAX", "1")];

/// The limits of this process, as the kernel reports them.
pub(super) struct Limits(String);

impl Limits {
    pub(super) fn read() -> Self {
        Self(std::fs::read_to_string("/proc/self/limits").unwrap_or_default())
    }

    /// Runs the program, on a new thread if the main one has less stack than it needs (`ulimit -s`).
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

    /// Returns if there is no limit, or once the process fits into those that there are.
    pub(super) fn fit(&self) -> Result<()> {
        if let Some(limit) = self.soft("Max open files").filter(|limit| *limit < LEAST_OPEN_FILES) {
            return Err(Error::OpenFiles { limit, least: LEAST_OPEN_FILES });
        }
        let Some(limit) = self.soft("Max address space") else { return Ok(()) };
        if limit < LEAST_ADDRESS_SPACE {
            return Err(Error::AddressSpace { limit, least: LEAST_ADDRESS_SPACE });
        }
        if anew::is_possible() && RESERVE_LITTLE.iter().all(|(name, _)| std::env::var_os(name).is_none()) {
            // If this fails, the run may still be lucky.
            let _failed = anew::start(RESERVE_LITTLE);
        }
        Ok(())
    }

    /// The soft limit with this name, if there is one.
    fn soft(&self, name: &str) -> Option<u64> {
        let line = self.0.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok() // or `unlimited`
    }
}
