//! Paths: which file a path leads to, however it is spelled, and whether a standard stream is open.

mod bounded;
mod identity;
mod spelled;
mod standard;

pub(crate) use bounded::{read_whole, whole};
pub(crate) use identity::{Target, followed, is_direct};
pub(crate) use spelled::{escaped, on_one_line, text};
pub(crate) use standard::{Stream, all_streams_are_open, ensure_open};
