//! What a path leads to: which file, however it is spelled, and whether a standard stream is there at all.

mod bounded;
mod identity;
mod spelled;
mod standard;

pub(crate) use bounded::{read_whole, whole};
pub(crate) use identity::{Target, followed, is_direct};
pub(crate) use spelled::{escaped, on_one_line, text};
pub(crate) use standard::{Stream, all_streams_are_open, ensure_open};
