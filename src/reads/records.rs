//! One file's records, one after the other: the loop every format shares, and where errors get their position.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::buffer::Buffer;
use super::compression::Bytes;
use super::{InputCounts, Problem, Record};
use crate::error::{Error, Position, Result};

/// What a format's parser makes of the window: pure, so that every format is tested without a file.
///
/// It is called with the bytes read so far and whether these are all; it answers `More` only if more can come.
pub(super) type Parse = fn(&[u8], ended: bool) -> Result<Step, Fault>;

/// A parser's answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
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
    /// Nothing more than blank lines.
    End,
}

/// A parser's complaint.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) name: Option<String>,
    pub(super) problem: Problem,
}

impl Fault {
    /// A complaint about the record whose header starts with `name`.
    pub(super) fn of(header: &[u8], problem: Problem) -> Self {
        let word = &header[..super::word_len(header)];
        Self { name: Some(String::from_utf8_lossy(word).into_owned()), problem }
    }
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self { name: None, problem }
    }
}

/// The records of one file. Those without bases are among them: a mate's place in its pair counts.
pub(super) struct Records {
    content: Buffer<Bytes>,
    parse: Parse,
    input: PathBuf,
    ordinal: u64,
    counts: Arc<InputCounts>,
}

impl Records {
    pub(super) fn new(input: &Path, content: Buffer<Bytes>, parse: Parse, counts: Arc<InputCounts>) -> Self {
        Self { content, parse, input: input.to_owned(), ordinal: 0, counts }
    }

    /// What this file's records are counted in.
    pub(super) fn counts(&self) -> &InputCounts {
        &self.counts
    }

    /// The next record, or none when the file has ended.
    pub(super) async fn next(&mut self) -> Result<Option<Record>> {
        loop {
            match (self.parse)(self.content.window(), self.content.ended()) {
                Ok(Step::More) => self.fill().await?,
                Ok(Step::Record(record, len)) => {
                    self.passed(len);
                    return Ok(Some(record));
                }
                Ok(Step::HardClipped(record, len)) => {
                    self.passed(len);
                    self.counts.hard_clipped.add(1);
                    return Ok(Some(record));
                }
                Ok(Step::Secondary(len)) => {
                    self.passed(len);
                    self.counts.secondary.add(1);
                }
                Ok(Step::Supplementary(len)) => {
                    self.passed(len);
                    self.counts.supplementary.add(1);
                }
                Ok(Step::End) => return Ok(None),
                Err(fault) => return Err(self.fault(self.ordinal + 1, fault)),
            }
        }
    }

    /// An error about the whole file.
    pub(super) fn error(&self, problem: Problem) -> Error {
        Error::Input { input: self.input.clone(), at: None, problem }
    }

    /// An error about the record returned last.
    pub(super) fn error_at(&self, record: &Record, problem: Problem) -> Error {
        self.fault(self.ordinal, Fault { name: Some(record.word()), problem })
    }

    fn fault(&self, record: u64, fault: Fault) -> Error {
        let at = Some(Position { record, name: fault.name });
        Error::Input { input: self.input.clone(), at, problem: fault.problem }
    }

    async fn fill(&mut self) -> Result<()> {
        let filled = self.content.fill().await;
        filled.map_err(|error| self.fault(self.ordinal + 1, Problem::from(error).into()))
    }

    fn passed(&mut self, len: usize) {
        self.content.skip(len);
        self.ordinal += 1;
        self.counts.records.add(1);
    }
}
