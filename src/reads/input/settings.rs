//! Settings of the input: what to read, and how.

use std::num::NonZero;
use std::path::{Path, PathBuf};

use super::part::Part;
use crate::reads::grouping::rule::{Collate, Grouping, MateNames};

/// The source of the reads of one lane; `-` is stdin.
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
    /// The paths of the lane's one or two files.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        let (first, second) = match self {
            Self::Single(path) | Self::Interleaved(path) => (path, None),
            Self::Pair(first, second) => (first, Some(second)),
        };
        std::iter::once(first).chain(second).map(PathBuf::as_path)
    }
}

/// All inputs of a run, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inputs {
    /// Files whose content tells how they go together. Alignments are read one after the other. One FASTQ or FASTA file
    /// holds unpaired reads, two are R1 and R2, and more than two are ambiguous.
    Files(Vec<PathBuf>),
    /// Lanes, each with its mates.
    Lanes(Vec<Input>),
}

impl Inputs {
    /// The paths of all files, in order; `-` is stdin.
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
    /// No records are kept: no output is BAM.
    #[default]
    Dropped,
    /// All records are kept for a BAM output, including secondary and supplementary ones.
    Kept,
    /// The records of reads are kept, to tell where the reads lie; each is a template of its own. Not for FASTQ and
    /// FASTA.
    OfReads,
}

/// What to read, and how.
#[derive(Clone, Debug)]
pub struct InputConfig {
    /// The files to read.
    pub inputs: Inputs,
    /// Which records form a template.
    pub grouping: Grouping,
    /// Whether the names of mates in lock step must match. If records are kept for BAM, they always must.
    pub mate_names: MateNames,
    /// Whether templates include their records as BAM stores them.
    pub alignments: Alignments,
    /// How to regroup the records of BAM and SAM by name; `None` if mates are adjacent already.
    pub collate: Option<Collate>,
    /// The FASTA file with the reference sequences of a CRAM.
    pub reference: Option<PathBuf>,
    /// The most bytes of a pipe that are read ahead while the pipe of its mates has no data.
    pub read_ahead: u64,
    /// The number of BGZF blocks that are inflated at once.
    pub workers: NonZero<usize>,
    /// The part of the files to read; the whole files if absent.
    pub part: Option<Part>,
}

impl InputConfig {
    /// The settings for a file whose reads are taken one by one.
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
