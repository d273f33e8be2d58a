//! End-to-end tests: the library's pipeline with faulty stages, the built binary with real files, and the models
//! compared with reference predictions for the same reads.
#![allow(clippy::unwrap_used, missing_docs)]

mod accounts;
mod alignments;
mod along;
mod audit;
mod broken_input;
mod check;
mod descriptors;
mod device;
mod dnabert;
mod dry_run;
mod evaluate;
mod evaluate_alignments;
mod evaluate_calls;
#[cfg(feature = "fetch")]
mod fetch;
mod formats;
mod genes;
mod help;
mod index;
mod inputs;
mod kills;
mod labelled;
mod layers;
mod letters;
mod mates;
mod model_commands;
mod model_gpu;
mod model_parity;
mod model_refusals;
mod names;
mod prior;
mod process;
mod scores;
mod selftest;
mod shards;
mod shutdown;
mod split;
mod support;
#[cfg(feature = "train")]
mod train;
mod windows;
