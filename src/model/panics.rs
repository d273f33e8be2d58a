//! Turns panics of libraries into text: burn panics for some faults of a device.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The result of `run`, or the message it panicked with.
pub(super) fn catch<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| message(panic.as_ref()))
}

/// The first line of a panic's message.
pub(super) fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it panicked").lines().next().unwrap_or_default().to_owned()
}
