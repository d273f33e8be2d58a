//! Annotated genomes, the reads that can be cut from them (wholly coding ones and those without any coding base, or any), and
//! the labels of reads that lie on them.
//!
//! Positions count from 0; a range does not hold its end.

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
