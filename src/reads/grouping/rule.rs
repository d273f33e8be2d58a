//! The rules for grouping records into templates, as the caller chooses them.

use std::path::PathBuf;

/// Which records form a template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grouping {
    /// All segments with the same name.
    #[default]
    Templates,
    /// Each record alone: mates need not be adjacent, but two files must still match.
    Each,
}

/// Whether the names of mates in lock step must match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MateNames {
    /// Names are compared, so files that are out of step are noticed.
    #[default]
    Compared,
    /// Names are not compared: the user knows that the files are in step.
    Trusted,
}

/// How records are regrouped by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collate {
    /// Bytes of records held in memory; more go to a temporary file.
    pub memory: u64,
    /// The folder for the temporary file.
    pub folder: PathBuf,
}
