//! An opened input: its templates, and what is known of it before the first one is read.

use std::fmt;
use std::path::PathBuf;

use crate::reads::Header;
use crate::reads::formats::format::Format;
use crate::reads::grouping::pairs;

/// Whether an input's records are pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// No record has a mate.
    Single,
    /// Every record has a mate.
    Paired,
    /// Each record says for itself: BAM, SAM and CRAM.
    Mixed,
}

/// An opened input.
pub struct Templates {
    /// The file it comes from; of a pair the first.
    pub path: PathBuf,
    /// Its format; none of an empty file.
    pub format: Option<Format>,
    /// Whether its records are pairs.
    pub layout: Layout,
    /// Bytes all its files take as stored, when they are regular ones: what `stored_bytes` counts up to.
    pub stored_size: Option<u64>,
    /// Whether it is read as single reads, though nobody said so, and begins with two mates.
    pub looks_interleaved: bool,
    /// The header a BAM output starts with.
    pub header: Header,
    /// Its templates, in input order. After an error it ends.
    pub stream: pairs::Stream,
}

impl fmt::Debug for Templates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, format, layout, stored_size, looks_interleaved, header: _, stream: _ } = self;
        write!(f, "Templates({path:?}, {format:?}, {layout:?}, {stored_size:?}, {looks_interleaved:?})")
    }
}
