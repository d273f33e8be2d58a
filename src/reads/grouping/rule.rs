//! What forms a template: what grouping needs to know from whoever asks for it.

use std::path::PathBuf;

/// What forms a template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grouping {
    /// All segments of one name.
    #[default]
    Templates,
    /// Every record alone: mates need not be adjacent, but two files must still match.
    Each,
}

/// Whether mates in lock step must have names that go together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MateNames {
    /// Yes: files that are out of step are noticed.
    #[default]
    Compared,
    /// No: whoever gave the files knows that they are in step.
    Trusted,
}

/// How records are regrouped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collate {
    /// Bytes of records held in memory; more go to a temporary file.
    pub memory: u64,
    /// Where the temporary file is made.
    pub folder: PathBuf,
}
