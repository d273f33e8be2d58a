//! End to end: the library's pipeline with stages that misbehave, and the built binary with real files.
#![allow(clippy::unwrap_used, missing_docs)]

mod model_gpu;
mod model_parity;
mod model_refusals;
