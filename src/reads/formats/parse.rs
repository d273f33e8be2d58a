//! The interface of all parsers: one loop over a file's records serves every format.

use std::ops::Range;

use noodles::sam::alignment::record::Flags;

use crate::reads::problem::shown_name;
use crate::reads::record::word_len;
use crate::reads::{Problem, Record};

/// Parses the start of a window. Parsers are pure, so that every format is tested without a file.
///
/// The arguments are the bytes read so far and whether the input ends with them. `More` is returned only if more can
/// come.
pub(in crate::reads) type Parse = fn(&[u8], ended: bool) -> Result<Step, Fault>;

/// A parser's answer.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::reads) enum Step {
    /// The window does not hold a whole record yet.
    More,
    /// The window starts with this record, of so many bytes.
    Record(Record, usize),
    /// The window starts with this record, of so many bytes. Its CIGAR says that bases have been clipped off.
    HardClipped(Record, usize),
    /// A secondary alignment of so many bytes.
    Secondary(usize),
    /// A supplementary alignment of so many bytes.
    Supplementary(usize),
    /// The window starts with this many bytes of blank lines.
    Blank(usize),
    /// A record goes on, and the window ends with this many bytes of blank lines that may be dropped.
    BlankAtEnd(usize),
    /// The input has ended.
    End,
}

/// Finds the record at the start of the window without reading it: just enough to group it by name.
pub(in crate::reads) type Framer = fn(&[u8], ended: bool) -> Result<Framed, Fault>;

/// A framer's answer.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::reads) enum Framed {
    /// The window does not hold a whole record yet.
    More,
    /// The window starts with a record.
    Record {
        /// The length of the record in bytes.
        len: usize,
        /// The range of the name that the records of its template share.
        name: Range<usize>,
        /// The flags of the record.
        flags: Flags,
    },
    /// The window starts with this many bytes of blank lines.
    Blank(usize),
    /// The input has ended.
    End,
}

/// A problem that a parser found, and the name of the record.
#[derive(Debug)]
pub(in crate::reads) struct Fault {
    pub(in crate::reads) name: Option<String>,
    pub(in crate::reads) problem: Problem,
}

impl Fault {
    /// Creates a fault of the record with this header.
    pub(in crate::reads) fn of(header: &[u8], problem: Problem) -> Self {
        Self { name: Some(shown_name(&header[..word_len(header)])), problem }
    }
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self { name: None, problem }
    }
}
