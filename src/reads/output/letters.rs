//! Writes reads as FASTQ and FASTA.

use super::annotation;
use super::format::SequenceFormat;
use crate::reads::formats::bam_fields::UNKNOWN_QUALITY;
use crate::reads::record::{PLUS_LINE, word_len};
use crate::reads::{Mate, Record, Score};

/// Whether names tell mates apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// Headers stay as they were read: each mate has a file of its own.
    AsRead,
    /// `/1` or `/2` is appended to names of mates without it, and replaces the other's: mates share a file.
    Numbered,
}

/// Appends a record to `into` as a file stores it.
pub fn write_record(record: &Record, format: SequenceFormat, names: Names, into: &mut Vec<u8>) {
    write_annotated(record, Said::AsRead, format, names, into);
}

/// The annotation at the end of a header line.
#[derive(Clone, Copy, Debug)]
pub enum Said<'a> {
    /// The annotation as it was read.
    AsRead,
    /// This score, or none, instead of the annotation of an earlier run.
    Anew(Option<&'a Score>),
}

/// Appends a record with the annotation `said` to `into`.
pub fn write_annotated(record: &Record, said: Said<'_>, format: SequenceFormat, names: Names, into: &mut Vec<u8>) {
    into.reserve(record.header().len() + record.bases().len() * 2 + 8);
    into.push(match format {
        SequenceFormat::Fastq => b'@',
        SequenceFormat::Fasta => b'>',
    });
    match said {
        Said::AsRead => write_header(record, record.header(), names, into),
        Said::Anew(score) => {
            write_header(record, annotation::without(record.header()), names, into);
            if let Some(score) = score {
                annotation::push(score, annotation::has_tags(record.header()), into);
            }
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
    let (name, rest) = header.split_at(word_len(header));
    let has_suffix = record.name().len() < name.len();
    let (name, suffix): (&[u8], &[u8]) = match (names, record.mate) {
        (Names::Numbered, Mate::First) if !has_suffix => (name, b"/1"),
        (Names::Numbered, Mate::Second) if !has_suffix => (name, b"/2"),
        (Names::Numbered, Mate::First) => name.strip_suffix(b"/2").map_or((name, b""), |name| (name, b"/1")),
        (Names::Numbered, Mate::Second) => name.strip_suffix(b"/1").map_or((name, b""), |name| (name, b"/2")),
        _ => (name, b""),
    };
    into.extend_from_slice(name);
    into.extend_from_slice(suffix);
    into.extend_from_slice(rest);
}
