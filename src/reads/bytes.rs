//! Streams of bytes on their way from a file to a parser: counted, passed between threads, seen through a window.

pub(super) mod in_step;
pub(super) mod meter;
mod piece;
pub(super) mod relay;
pub(super) mod window;
