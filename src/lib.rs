//! readseeker splits sequencing reads into coding (CDS) and non-coding, de novo, with a neural model.
//!
//! A run reads templates, asks a model for the probability of each segment, and writes every template to one class:
//!
//! ```text
//!  reads/ ─▶ pipeline/decode ─▶ tokenize ─▶ infer ─▶ write ─▶ outputs/ ─▶ reads/output
//!                                 kmer      model/            verdict, tally
//! ```
//!
//! Where to look for what:
//!
//! | question | file |
//! |---|---|
//! | what does a flag do? | [`cli`] |
//! | what happens in a run, and in which order? | [`run`] |
//! | how do the stages join, fail and stop? | [`pipeline`] |
//! | what is a read; which files can be read and written? | [`reads`] |
//! | what does a model see? | [`kmer`], [`tokens`] |
//! | how do the models compute? | [`model`] |
//! | what does a model say? | [`prediction`] |
//! | why did this read go there? | [`verdict`], [`windows`], [`tiling`] |
//! | what is written of a read? | [`outputs`] |
//! | what does the report say? | [`report`], [`tally`], [`estimate`] |
//! | which reads are in a sample? | [`sample`] |
//! | how do the original scripts write and score reads? | [`dnabert`] |
//! | how are labelled reads drawn from a genome? | [`labelled`], [`genome`] |
//! | how is a model trained? | `train` |
//! | which reads are odd? | [`composition`] |
//! | how good is a model on labelled reads? | [`evaluate`], [`metrics`] |
//! | what can stop a run, and what is warned of? | [`error`], [`conflict`], [`warning`] |
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::float_cmp))]

mod blocking;
pub mod class;
pub mod cli;
pub mod composition;
pub mod config;
pub mod conflict;
pub mod dnabert;
pub mod error;
pub mod estimate;
pub mod evaluate;
pub mod genome;
pub mod kmer;
pub mod labelled;
mod labels;
pub mod metrics;
pub mod model;
pub mod outputs;
mod paths;
pub mod pipeline;
pub mod prediction;
pub mod prior;
pub mod progress;
pub mod reads;
pub mod report;
pub mod run;
pub mod sample;
mod scoring;
pub mod shard;
pub mod tally;
mod threads;
pub mod tiling;
pub mod tokens;
#[cfg(feature = "train")]
pub mod train;
pub mod verdict;
pub mod warning;
pub mod windows;
pub mod words;
