//! Annotated genomes, and the reads that can be cut from them: wholly coding ones, and those without any coding base.
//!
//! Positions count from 0; a range does not hold its end.

mod annotation;
mod frame;
mod random;
mod ranges;
mod windows;

pub use annotation::{Annotation, Part};
pub use windows::{Cut, Sequence, Windows};
