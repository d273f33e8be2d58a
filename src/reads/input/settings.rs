//! What to read and how.

use std::num::NonZero;
use std::path::{Path, PathBuf};

use super::part::Part;
use crate::reads::grouping::rule::{Collate, Grouping, MateNames};

/// Where the reads of one lane come from; `-` is stdin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// One file: BAM, SAM or CRAM with or without pairs, or unpaired FASTQ or FASTA.
    Single(PathBuf),
    /// One FASTQ or FASTA file with R1 and R2 one after the other.
    Interleaved(PathBuf),
    /// Two FASTQ or FASTA files, R1 and R2.
    Pair(PathBuf, PathBuf),
}

impl Input {
    /// Its one or two files.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        let (first, second) = match self {
            Self::Single(path) | Self::Interleaved(path) => (path, None),
            Self::Pair(first, second) => (first, Some(second)),
        };
        std::iter::once(first).chain(second).map(PathBuf::as_path)
    }
}

/// Everything a run reads, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inputs {
    /// Files that go together as their content tells: alignments one after the other; one FASTQ or FASTA file holds
    /// unpaired reads, two are R1 and R2, and what more than two are must be said.
    Files(Vec<PathBuf>),
    /// Lanes, each with its mates.
    Lanes(Vec<Input>),
}

impl Inputs {
    /// Every file, in order; `-` is stdin.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        let paths: Vec<&Path> = match self {
            Self::Files(files) => files.iter().map(PathBuf::as_path).collect(),
            Self::Lanes(lanes) => lanes.iter().flat_map(Input::paths).collect(),
        };
        paths.into_iter()
    }
}

/// Whether records are also kept as BAM stores them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Alignments {
    /// No: no output is BAM.
    #[default]
    Dropped,
    /// Yes, those that are no reads of their own with them: a BAM output wants them.
    Kept,
    /// Those that are reads, each a template of its own: they say where it lies. Not for FASTQ and FASTA.
    OfReads,
}

/// What to read and how.
#[derive(Clone, Debug)]
pub struct InputConfig {
    /// Where reads come from.
    pub inputs: Inputs,
    /// What forms a template.
    pub grouping: Grouping,
    /// Whether mates in two files, or one after the other, must have names that go together. Those kept as BAM always must.
    pub mate_names: MateNames,
    /// Whether templates come with their records as BAM stores them.
    pub alignments: Alignments,
    /// How to regroup the records of BAM and SAM by name; none if mates are adjacent already.
    pub collate: Option<Collate>,
    /// The FASTA file with the sequences a CRAM was made with.
    pub reference: Option<PathBuf>,
    /// Bytes of a pipe that are read ahead while its mate's has nothing to give.
    pub read_ahead: u64,
    /// How many BGZF blocks are inflated at once.
    pub workers: NonZero<usize>,
    /// The part of the files to read; all of them when absent.
    pub part: Option<Part>,
}

impl InputConfig {
    /// A file whose reads are taken one by one.
    #[must_use]
    pub fn each_of(file: PathBuf, workers: NonZero<usize>) -> Self {
        Self {
            inputs: Inputs::Files(vec![file]),
            grouping: Grouping::Each,
            mate_names: MateNames::Compared,
            alignments: Alignments::Dropped,
            collate: None,
            reference: None,
            read_ahead: 0,
            workers,
            part: None,
        }
    }
}
