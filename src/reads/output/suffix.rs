//! Finds file names whose suffix does not fit the contents.

use std::path::Path;

use crate::reads::Codec;

/// The contents of an output, by which its name is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Reads, in a format chosen by the name.
    Reads,
    /// Reads with labels: a table, or FASTQ if the name says so.
    Labelled,
    /// Scores, separated by tabs or commas.
    Scores,
    /// Scores as Parquet.
    Parquet,
    /// A table separated by tabs.
    Table,
    /// Windows, as BED.
    Bed,
    /// Genes, as GFF3.
    Gff,
    /// Proteins or coding sequences, as FASTA.
    Fasta,
    /// A report for programs, as JSON.
    Json,
    /// A report for people, as HTML.
    Html,
}

impl Content {
    /// The name of the contents, and the suffixes that fit best.
    #[must_use]
    pub fn described(self) -> (&'static str, &'static str) {
        match self {
            Self::Reads => ("reads", ".fq, .fa or .bam"),
            Self::Labelled => ("a table", ".tsv, or .fq for FASTQ"),
            Self::Scores => ("a table", ".tsv, .csv or .parquet"),
            Self::Parquet => ("Parquet", ".parquet"),
            Self::Table => ("a table", ".tsv"),
            Self::Bed => ("BED", ".bed"),
            Self::Gff => ("GFF3", ".gff3"),
            Self::Fasta => ("FASTA", ".faa for proteins, .fna for nucleotides"),
            Self::Json => ("JSON", ".json"),
            Self::Html => ("HTML", ".html"),
        }
    }

    /// The suffixes among [`KNOWN`] that fit. BED and GFF3 are tab-separated tables too.
    fn suffixes(self) -> &'static [&'static str] {
        match self {
            Self::Reads => &["fq", "fastq", "fa", "fasta", "fna", "bam"],
            Self::Labelled => &["tsv", "tab", "fq", "fastq"],
            Self::Scores => &["tsv", "tab", "csv"],
            Self::Parquet => &["parquet"],
            Self::Table => &["tsv", "tab"],
            Self::Bed => &["bed", "tsv", "tab"],
            Self::Gff => &["gff", "gff3", "tsv", "tab"],
            Self::Fasta => &["fa", "fasta", "faa", "fna", "ffn"],
            Self::Json => &["json"],
            Self::Html => &["html", "htm"],
        }
    }
}

/// Suffixes that say what a file holds. Any other may stand for anything.
const KNOWN: [&str; 35] = [
    "fq", "fastq", "fa", "fasta", "fna", "ffn", "frn", "faa", "bam", "sam", "cram", "sra", "tsv", "tab", "csv",
    "parquet", "bed", "gff", "gff3", "gtf", "gbk", "embl", "vcf", "json", "html", "htm", "pdf", "xls", "xlsx", "lz4",
    "lzma", "br", "zip", "7z", "z",
];

/// The suffix of `path` if it promises other contents: `.sam` for reads (never written as SAM), `.bed` for GFF3, or
/// `.bam.gz` for a format that is compressed already.
#[must_use]
pub fn misleading_suffix(path: &Path, content: Content) -> Option<String> {
    let suffix = |path: &Path| format!(".{}", path.extension().unwrap_or_default().to_string_lossy());
    // This comes before the codec, since BAM selects one too.
    if has_suffix(path, &KNOWN) {
        return (!has_suffix(path, content.suffixes())).then(|| suffix(path));
    }
    if Codec::of(path) == Codec::Plain {
        return None;
    }
    let inner = path.with_extension("");
    let is_packed = has_suffix(&inner, &["bam", "parquet"]);
    let misleads = is_packed || (has_suffix(&inner, &KNOWN) && !has_suffix(&inner, content.suffixes()));
    misleads.then(|| suffix(&inner) + &suffix(path))
}

/// Whether a path ends in one of these suffixes, in any case.
pub(super) fn has_suffix(path: &Path, suffixes: &[&str]) -> bool {
    path.extension().is_some_and(|extension| suffixes.iter().any(|suffix| extension.eq_ignore_ascii_case(suffix)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_suffix_must_be_that_of_the_content_and_others_may_be_any() {
        use Content::{Bed, Fasta, Gff, Html, Json, Labelled, Reads, Scores, Table};
        for (content, fitting, misleading) in [
            (Reads, "c.fq c.FASTA.gz c.bam c.dat c 1.2", "c.sam c.bam.gz c.fq.lz4 c.tsv c.faa c.sam.zst"),
            (Labelled, "r.tsv r.fq.gz r.txt", "r.fa r.csv r.bam"),
            (Scores, "s.csv s.tsv.gz -", "s.fa s.fq.gz s.xlsx s.parquet.gz s.json s.bam"),
            (Table, "k.tsv k.txt", "k.csv k.fq"),
            (Bed, "w.bed.gz w.tsv", "w.gff3 w.bam"),
            (Gff, "g.gff g.GFF3.gz g.tsv", "g.bed g.gtf g.fa"),
            (Fasta, "p.faa p.fna.gz p.fasta", "p.tsv p.fq p.gff"),
            (Json, "r.json r.json.gz r.txt", "r.html r.zip"),
            (Html, "r.html r.htm", "r.json r.pdf"),
        ] {
            for path in fitting.split(' ') {
                assert_eq!(misleading_suffix(path.as_ref(), content), None, "{content:?} {path}");
            }
            for path in misleading.split(' ') {
                let found = misleading_suffix(path.as_ref(), content);
                assert!(found.is_some_and(|suffix| path.ends_with(&suffix)), "{content:?} {path}");
            }
        }
    }
}
