//! Streams of bytes on their way from a file to a parser: counted, handed over from thread to thread, seen as a window.

pub(super) mod in_step;
pub(super) mod meter;
mod piece;
pub(super) mod relay;
pub(super) mod window;
