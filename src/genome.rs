//! Annotated genomes, the reads that can be cut from them (entirely coding or without any coding base, or any reads),
//! and the labels of reads aligned to them.
//!
//! Positions count from 0; the end of a range is exclusive.

mod annotation;
mod anywhere;
mod bed;
mod calls;
mod feature;
mod flat_file;
mod frame;
mod labels;
mod location;
mod random;
mod ranges;
mod sequencer;
mod whole;
mod windows;

pub use annotation::{Annotation, Part};
pub use anywhere::Anywhere;
pub use calls::{Call, Calls};
pub use labels::{LabelRule, Labels};
pub use sequencer::{Errors, Sequencer};
pub use windows::{Cut, Sequence, Windows};
