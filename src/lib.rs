//! readseeker splits sequencing reads into coding (CDS) and non-coding, de novo, with a neural model.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod batch;
pub mod error;
pub mod kmer;
pub mod model;
pub mod reads;
