//! The formats of reads: FASTQ, FASTA, BAM, SAM and CRAM. Each is parsed from a window of bytes.

pub(super) mod bam;
mod bam_cigar;
pub(super) mod bam_fields;
pub(super) mod bam_header;
pub(super) mod bam_tags;
pub(super) mod cram;
pub(super) mod fasta;
pub(super) mod fastq;
pub(super) mod format;
pub(super) mod header;
mod header_text;
mod letter_lines;
pub(super) mod parse;
pub(super) mod placement;
pub(super) mod raw_record;
pub(super) mod records;
pub(super) mod sam;
mod sam_tags;
pub(super) mod sam_to_bam;
pub(super) mod strand;
pub(super) mod unaligned;
mod wrapped_fastq;
