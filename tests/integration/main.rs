//! End to end: the library's pipeline with stages that misbehave, and the built binary with real files.
#![allow(clippy::unwrap_used, missing_docs)]

mod broken_input;
mod houses;
mod shutdown;
mod split;
mod support;
