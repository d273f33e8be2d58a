//! Which files a run writes while it goes on.

use std::path::{Path, PathBuf};

use super::table::Table;
use crate::class::{Class, PerClass};
use crate::reads::output::{Content, FileFormat};
use crate::reads::{Alignments, Codec};

/// Which files to write.
#[derive(Debug, Default)]
pub struct OutputsConfig {
    /// The classes' files; none for a run that only scores.
    pub split: Option<Split>,
    /// Whether the header lines of FASTQ and FASTA carry the model's answer.
    pub annotate: bool,
    /// What the classes' files hold, whatever their names.
    pub kind: Option<FileFormat>,
    /// Where reads go that have no mate in their class.
    pub unpaired: Option<PerClass<PathBuf>>,
    /// The tables, and where they go.
    pub tables: Vec<(PathBuf, Box<dyn Table>)>,
}

/// The files of the three classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split(PerClass<Option<Files>>);

/// Where the reads of one class go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Files {
    /// All into one file; mates are interleaved and told apart by `/1` and `/2`.
    One(PathBuf),
    /// R1 into the first, R2 into the second.
    Two(PathBuf, PathBuf),
}

impl Files {
    /// The one or two paths.
    pub fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        let (first, second) = match self {
            Self::One(path) => (path, None),
            Self::Two(first, second) => (first, Some(second)),
        };
        std::iter::once(first).chain(second)
    }
}

impl Split {
    /// Undecided reads go to the non-coding files where they have none of their own.
    #[must_use]
    pub fn new(coding: Files, noncoding: Files, undecided: Option<Files>) -> Self {
        Self(PerClass { coding: Some(coding), noncoding: Some(noncoding), undecided })
    }

    /// The classes that have files of their own.
    pub fn classes(&self) -> impl Iterator<Item = (Class, &Files)> {
        self.0.iter().filter_map(|(class, files)| files.as_ref().map(|files| (class, files)))
    }
}

impl OutputsConfig {
    /// Whether mates go to files of their own, which must stay in step.
    #[must_use]
    pub fn parts_mates(&self) -> bool {
        self.classes().any(|(_, files)| matches!(files, Files::Two(..)))
    }

    /// Whether where a read goes depends on its mate: two files must stay in step, or reads without a mate have a file.
    #[must_use]
    pub fn needs_mates(&self) -> bool {
        self.parts_mates() || self.unpaired.is_some()
    }

    /// Whether a BAM output wants records as they are stored.
    #[must_use]
    pub fn alignments(&self) -> Alignments {
        if self.classes().any(|(_, files)| self.is_bam(files)) { Alignments::Kept } else { Alignments::Dropped }
    }

    /// Whether all classes go to BAM, so that no record is left out.
    #[must_use]
    pub fn keeps_all(&self) -> bool {
        self.split.is_some() && self.classes().all(|(_, files)| self.is_bam(files))
    }

    /// Whether a table is of use only with a model that predicts frames.
    #[must_use]
    pub fn needs_frames(&self) -> bool {
        self.tables.iter().any(|(_, table)| table.needs_frames())
    }

    /// What a class's files hold.
    #[must_use]
    pub fn kind_of(&self, files: &Files) -> FileFormat {
        let (Files::One(path) | Files::Two(path, _)) = files;
        self.kind.unwrap_or_else(|| FileFormat::of(path))
    }

    fn is_bam(&self, files: &Files) -> bool {
        self.kind_of(files) == FileFormat::Bam
    }

    /// Where those reads of a class go that have no mate in it.
    #[must_use]
    pub fn unpaired_of(&self, class: Class, files: &Files) -> Option<PathBuf> {
        self.unpaired.as_ref().filter(|_| !self.is_bam(files)).map(|paths| paths[class].clone())
    }

    /// Every path that reads are written to.
    pub fn read_paths(&self) -> impl Iterator<Item = PathBuf> {
        let unpaired = self.classes().filter_map(|(class, files)| self.unpaired_of(class, files));
        self.classes().flat_map(|(_, files)| files.paths()).cloned().chain(unpaired)
    }

    /// Every path that a table is written to, and what it holds.
    pub fn table_paths(&self) -> impl Iterator<Item = (&Path, Content)> {
        self.tables.iter().map(|(path, table)| (path.as_path(), table.holds()))
    }

    /// How the file at one of these paths is compressed: BAM always as BGZF, others as the suffix says.
    #[must_use]
    pub fn codec_of(&self, path: &Path) -> Codec {
        let is_bam = |(_, files): (_, &Files)| self.is_bam(files) && files.paths().any(|own| own == path);
        if self.classes().any(is_bam) { Codec::Bgzf } else { Codec::of(path) }
    }

    /// The classes that have files.
    pub fn classes(&self) -> impl Iterator<Item = (Class, &Files)> {
        self.split.iter().flat_map(Split::classes)
    }
}
