//! A limit on address space (`ulimit -v`, as some schedulers set it).
//!
//! Allocators reserve far more addresses than they ever use: 1 GB at the start, and 64 MB for each thread. Where addresses are
//! limited, whether enough of them are left for the threads' stacks would be a matter of chance. So the program starts itself
//! anew with allocators that reserve little: what they are told in the environment they read before `main`.

use super::anew;
use crate::error::{Error, Result};

/// What a run with the built-in model and some threads needs, in bytes.
const LEAST: u64 = 400 << 20;

/// How allocators are told, and what. The second is for C libraries.
const RESERVE_LITTLE: [(&str, &str); 2] = [("MIMALLOC_ARENA_RESERVE", "32MiB"), ("MALLOC_ARENA_MAX", "1")];

/// Returns where there is no limit, or when all is set for it.
pub(super) fn fit() -> Result<()> {
    let Some(limit) = limit() else { return Ok(()) };
    if limit < LEAST {
        return Err(Error::AddressSpace { limit, least: LEAST });
    }
    if anew::is_possible() && RESERVE_LITTLE.iter().all(|(name, _)| std::env::var_os(name).is_none()) {
        // Where this fails, the run may still be lucky.
        let _failed = anew::start(RESERVE_LITTLE);
    }
    Ok(())
}

/// Bytes, if they are limited.
fn limit() -> Option<u64> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    line.split_whitespace().next()?.parse().ok() // or `unlimited`
}
