//! Annotated genomes, and the reads that can be cut from them: wholly coding ones and those without any coding
//! base, or any.
//!
//! Positions count from 0; a range does not hold its end.

mod annotation;
mod anywhere;
mod calls;
mod feature;
mod flat_file;
mod frame;
mod location;
mod random;
mod ranges;
mod sequencer;
mod whole;
mod windows;

pub use annotation::{Annotation, Part};
pub use anywhere::Anywhere;
pub use calls::{Call, Calls};
pub use sequencer::{Errors, Sequencer};
pub use windows::{Cut, Sequence, Windows};
