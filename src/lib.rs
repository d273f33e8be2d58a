//! readseeker splits sequencing reads into coding (CDS) and non-coding, de novo, with a neural model.
//!
//! A run reads templates, asks a model for each segment's probability, and writes every template to one class:
//!
//! ```text
//!  reads/ ─▶ pipeline/decode ─▶ tokenize ─▶ infer ─▶ write ─▶ outputs ─▶ reads/output
//!                                 kmer      model/            verdict, scores, proteins, tally
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
//! | why did this read go there? | [`verdict`], [`windows`] |
//! | what does the report say? | [`report`], [`tally`], [`scores`], [`bed`], [`proteins`], [`estimate`] |
//! | which reads are in a sample? | [`sample`] |
//! | what can stop a run? | [`error`] |
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::float_cmp))]

pub mod bed;
mod blocking;
pub mod cli;
pub mod config;
pub mod error;
pub mod estimate;
pub mod kmer;
pub mod model;
pub mod outputs;
pub mod pipeline;
pub mod prediction;
pub mod prior;
pub mod progress;
pub mod proteins;
pub mod reads;
pub mod report;
pub mod run;
pub mod sample;
pub mod scores;
pub mod tally;
pub mod tiling;
pub mod tokens;
pub mod verdict;
pub mod windows;
