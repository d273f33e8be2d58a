//! The settings of the outputs that a run writes as it goes.

use std::path::{Path, PathBuf};

use super::table::Table;
use crate::class::{Class, PerClass};
use crate::reads::output::{Content, FileFormat};
use crate::reads::{Alignments, Codec};

/// The files to write.
#[derive(Debug, Default)]
pub struct OutputsConfig {
    /// The classes' files; `None` for a run that only scores.
    pub split: Option<Split>,
    /// Whether the header lines of FASTQ and FASTA carry the model's answer.
    pub annotate: bool,
    /// The format of the classes' files, whatever their names.
    pub kind: Option<FileFormat>,
    /// The files for reads without a mate in their class.
    pub unpaired: Option<PerClass<PathBuf>>,
    /// The tables and their paths.
    pub tables: Vec<(PathBuf, Box<dyn Table>)>,
}

/// The output files of the three classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split(PerClass<Option<Files>>);

/// The output files of one class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Files {
    /// All reads in one file; mates are interleaved and told apart by `/1` and `/2`.
    One(PathBuf),
    /// R1 in the first file, R2 in the second.
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
    /// Creates the files of the classes. Undecided reads go to the non-coding files if they have none of their own.
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
    /// Whether mates go to separate files, which must stay in step.
    #[must_use]
    pub fn parts_mates(&self) -> bool {
        self.classes().any(|(_, files)| matches!(files, Files::Two(..)))
    }

    /// Whether the file of a read depends on its mate: two files must stay in step, or reads without a mate have a
    /// file.
    #[must_use]
    pub fn needs_mates(&self) -> bool {
        self.parts_mates() || self.unpaired.is_some()
    }

    /// Whether a BAM output needs the records as they are stored.
    #[must_use]
    pub fn alignments(&self) -> Alignments {
        if self.classes().any(|(_, files)| self.is_bam(files)) { Alignments::Kept } else { Alignments::Dropped }
    }

    /// Whether all classes are written as BAM, so that no record is left out.
    #[must_use]
    pub fn keeps_all(&self) -> bool {
        self.split.is_some() && self.classes().all(|(_, files)| self.is_bam(files))
    }

    /// Whether there is a table that needs a model with frames.
    #[must_use]
    pub fn needs_frames(&self) -> bool {
        self.tables.iter().any(|(_, table)| table.needs_frames())
    }

    /// The format of a class's files.
    #[must_use]
    pub fn kind_of(&self, files: &Files) -> FileFormat {
        let (Files::One(path) | Files::Two(path, _)) = files;
        self.kind.unwrap_or_else(|| FileFormat::of(path))
    }

    fn is_bam(&self, files: &Files) -> bool {
        self.kind_of(files) == FileFormat::Bam
    }

    /// The file for reads of a class without a mate in it, if there is one.
    #[must_use]
    pub fn unpaired_of(&self, class: Class, files: &Files) -> Option<PathBuf> {
        self.unpaired.as_ref().filter(|_| !self.is_bam(files)).map(|paths| paths[class].clone())
    }

    /// All paths to which reads are written.
    pub fn read_paths(&self) -> impl Iterator<Item = PathBuf> {
        let unpaired = self.classes().filter_map(|(class, files)| self.unpaired_of(class, files));
        self.classes().flat_map(|(_, files)| files.paths()).cloned().chain(unpaired)
    }

    /// All paths of tables, and their contents.
    pub fn table_paths(&self) -> impl Iterator<Item = (&Path, Content)> {
        self.tables.iter().map(|(path, table)| (path.as_path(), table.holds()))
    }

    /// How the file at one of these paths is compressed: BAM always as BGZF, others by their suffix.
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
