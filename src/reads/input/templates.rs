//! An opened input: its templates, and what is known before the first one is read.

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
    /// Each record says so itself: BAM, SAM and CRAM.
    Mixed,
}

/// An opened input.
pub struct Templates {
    /// The path of the file; of the first file for a pair.
    pub path: PathBuf,
    /// The format; `None` for an empty file.
    pub format: Option<Format>,
    /// Whether its records are pairs.
    pub layout: Layout,
    /// The stored bytes of all files, if they are regular: the number that `stored_bytes` counts up to.
    pub stored_size: Option<u64>,
    /// Whether the input begins with two mates, but is read as single reads without having been declared as such.
    pub looks_interleaved: bool,
    /// The header for a BAM output.
    pub header: Header,
    /// The templates, in input order. The stream ends after an error.
    pub stream: pairs::Stream,
}

impl fmt::Debug for Templates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, format, layout, stored_size, looks_interleaved, header: _, stream: _ } = self;
        write!(f, "Templates({path:?}, {format:?}, {layout:?}, {stored_size:?}, {looks_interleaved:?})")
    }
}
