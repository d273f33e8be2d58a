//! What every format's parser answers: the loop over a file's records is the same for all of them.

use std::ops::Range;

use noodles::sam::alignment::record::Flags;

use crate::reads::problem::shown_name;
use crate::reads::record::word_len;
use crate::reads::{Problem, Record};

/// What a format's parser makes of the window: pure, so that every format is tested without a file.
///
/// It is called with the bytes read so far and whether these are all; it answers `More` only if more can come.
pub(in crate::reads) type Parse = fn(&[u8], ended: bool) -> Result<Step, Fault>;

/// A parser's answer.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::reads) enum Step {
    /// No whole record in the window yet.
    More,
    /// The window starts with this record, so many bytes long.
    Record(Record, usize),
    /// The same, and its CIGAR says that bases were clipped off before.
    HardClipped(Record, usize),
    /// A secondary alignment of so many bytes.
    Secondary(usize),
    /// A supplementary alignment of so many bytes.
    Supplementary(usize),
    /// The window starts with so many bytes of blank lines.
    Blank(usize),
    /// A record goes on, and the window ends with so many bytes of blank lines that may be left out.
    BlankAtEnd(usize),
    /// Nothing more.
    End,
}

/// What a format says of the record the window starts with without reading it: enough to group it.
pub(in crate::reads) type Framer = fn(&[u8], ended: bool) -> Result<Framed, Fault>;

/// A framer's answer.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::reads) enum Framed {
    /// No whole record in the window yet.
    More,
    /// A record, so many bytes long.
    Record {
        /// Its length.
        len: usize,
        /// Where in it the name is that its template shares.
        name: Range<usize>,
        /// Its flags.
        flags: Flags,
    },
    /// The window starts with so many bytes of blank lines.
    Blank(usize),
    /// Nothing more.
    End,
}

/// A parser's complaint.
#[derive(Debug)]
pub(in crate::reads) struct Fault {
    pub(in crate::reads) name: Option<String>,
    pub(in crate::reads) problem: Problem,
}

impl Fault {
    /// A complaint about the record whose header starts with `name`.
    pub(in crate::reads) fn of(header: &[u8], problem: Problem) -> Self {
        Self { name: Some(shown_name(&header[..word_len(header)])), problem }
    }
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self { name: None, problem }
    }
}
