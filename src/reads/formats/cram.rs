//! Decodes CRAM into the bytes of a BAM file, so that no later stage knows about the format.

mod claims;
mod decoder;
mod fasta_index;
mod frequencies;
mod numbers;
mod reference;
mod series;
mod slice;
mod streams;
mod tags;

pub(in crate::reads) use decoder::{THREAD, as_bam};
