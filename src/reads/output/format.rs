//! What an output holds, by its name.

use std::path::Path;

use crate::reads::Codec;

/// A format reads are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SequenceFormat {
    /// Sequence and quality scores, four lines a record.
    Fastq,
    /// Sequence alone.
    Fasta,
}

impl SequenceFormat {
    /// The format a path's suffix asks for: FASTA for `.fa`, `.fasta` and `.fna`, compressed or not; else FASTQ.
    ///
    /// ```
    /// use readseeker::reads::output::SequenceFormat;
    /// assert_eq!(SequenceFormat::of("coding.fna.gz".as_ref()), SequenceFormat::Fasta);
    /// assert_eq!(SequenceFormat::of("coding.fq".as_ref()), SequenceFormat::Fastq);
    /// ```
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let inner = if Codec::of(path) == Codec::Plain { path.to_owned() } else { path.with_extension("") };
        if has_suffix(&inner, &["fa", "fasta", "fna"]) { Self::Fasta } else { Self::Fastq }
    }
}

/// What a class's file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// Reads as they were sequenced.
    Letters(SequenceFormat),
    /// Records as they were stored, with alignment and tags.
    Bam,
}

impl FileFormat {
    /// What a path's suffix asks for: BAM for `.bam`, else a [`SequenceFormat`].
    #[must_use]
    pub fn of(path: &Path) -> Self {
        if has_suffix(path, &["bam"]) { Self::Bam } else { Self::Letters(SequenceFormat::of(path)) }
    }
}

/// Suffixes of what is written here neither as reads nor as text, and would mislead whoever goes by a name.
const NOT_WRITTEN: [&str; 10] = ["sam", "cram", "sra", "parquet", "lz4", "lzma", "br", "zip", "7z", "z"];

/// The suffix of `path` that promises what is not written here: `.sam`, `.lz4`, or `.bam.gz` of what is BGZF already.
#[must_use]
pub fn misleading_suffix(path: &Path) -> Option<String> {
    let suffix = |path: &Path| format!(".{}", path.extension().unwrap_or_default().to_string_lossy());
    let inner = path.with_extension("");
    if Codec::of(path) != Codec::Plain && has_suffix(&inner, &["bam", "sam", "cram", "parquet"]) {
        return Some(suffix(&inner) + &suffix(path));
    }
    has_suffix(path, &NOT_WRITTEN).then(|| suffix(path))
}

fn has_suffix(path: &Path, suffixes: &[&str]) -> bool {
    path.extension().is_some_and(|extension| suffixes.iter().any(|suffix| extension.eq_ignore_ascii_case(suffix)))
}
