//! Reads as FASTQ and FASTA.

use super::annotation;
use super::format::SequenceFormat;
use crate::reads::formats::bam_fields::UNKNOWN_QUALITY;
use crate::reads::record::{PLUS_LINE, word_len};
use crate::reads::{Mate, Record, Score};

/// Whether names tell mates apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// Headers as they were read: mates go to a file each.
    AsRead,
    /// `/1` and `/2` after the names of mates that lack it: mates share a file.
    Numbered,
}

/// Appends a record as it is stored in a file.
pub fn write_record(record: &Record, format: SequenceFormat, names: Names, into: &mut Vec<u8>) {
    write_annotated(record, None, format, names, into);
}

/// The same with what a run says of it at the end of the header line, in place of one that is there.
pub fn write_annotated(
    record: &Record,
    score: Option<&Score>,
    format: SequenceFormat,
    names: Names,
    into: &mut Vec<u8>,
) {
    into.reserve(record.header().len() + record.bases().len() * 2 + 8);
    into.push(match format {
        SequenceFormat::Fastq => b'@',
        SequenceFormat::Fasta => b'>',
    });
    match score {
        None => write_header(record, record.header(), names, into),
        Some(score) => {
            write_header(record, annotation::without(record.header()), names, into);
            annotation::push(score, into);
        }
    }
    let header = record.header().len();
    match (format, record.as_fastq()) {
        (SequenceFormat::Fasta, _) => into.extend_from_slice(&record.as_fasta()[header..]),
        (SequenceFormat::Fastq, Some(text)) => into.extend_from_slice(&text[header..]),
        (SequenceFormat::Fastq, None) => {
            into.extend_from_slice(&record.as_fasta()[header..]);
            into.extend_from_slice(PLUS_LINE);
            into.resize(into.len() + record.bases().len(), UNKNOWN_QUALITY);
        }
    }
    into.push(b'\n');
}

fn write_header(record: &Record, header: &[u8], names: Names, into: &mut Vec<u8>) {
    let word = word_len(header);
    let has_suffix = record.name().len() < word;
    let suffix: &[u8] = match (names, record.mate) {
        (Names::Numbered, Mate::First) if !has_suffix => b"/1",
        (Names::Numbered, Mate::Second) if !has_suffix => b"/2",
        _ => b"",
    };
    into.extend_from_slice(&header[..word]);
    into.extend_from_slice(suffix);
    into.extend_from_slice(&header[word..]);
}
