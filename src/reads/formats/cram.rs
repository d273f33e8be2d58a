//! CRAM, decoded into the bytes of a BAM file, so that nothing after it needs to know that there is such a format.

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
