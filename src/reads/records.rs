//! One file's records, one after the other: the loop every format shares, and where errors get their position.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::alignment::Alignment;
use super::buffer::Buffer;
use super::compression::Bytes;
use super::{InputCounts, Mate, Problem, Record, sam_to_bam, unaligned};
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

/// Whether records are also kept as BAM stores them, and what they are made from.
pub(super) enum Keep {
    /// No BAM output wants them.
    Nothing,
    /// They are BAM already.
    Bam,
    /// SAM lines.
    Sam(Box<sam_to_bam::Encoder>),
    /// FASTQ or FASTA records.
    Letters,
}

/// One record of a file: the read it holds, and the record as stored where a BAM output wants it.
pub(super) struct Entry {
    /// None of a secondary or supplementary record.
    pub(super) read: Option<Record>,
    pub(super) stored: Option<Alignment>,
}

impl Entry {
    pub(super) fn mate(&self) -> Mate {
        let stored = self.stored.as_ref().map(|stored| stored.mate);
        self.read.as_ref().map(|read| read.mate).or(stored).unwrap_or_default()
    }

    /// QNAME without `/1` or `/2`.
    pub(super) fn name(&self) -> &[u8] {
        let stored = self.stored.as_ref().map(Alignment::name);
        self.read.as_ref().map(Record::name).or(stored).unwrap_or_default()
    }
}

/// The records of one file. Those without bases are among them: a mate's place in its pair counts.
pub(super) struct Records {
    content: Buffer<Bytes>,
    parse: Parse,
    keep: Keep,
    input: PathBuf,
    ordinal: u64,
    counts: Arc<InputCounts>,
}

impl Records {
    pub(super) fn new(
        input: &Path,
        content: Buffer<Bytes>,
        parse: Parse,
        keep: Keep,
        counts: Arc<InputCounts>,
    ) -> Self {
        Self { content, parse, keep, input: input.to_owned(), ordinal: 0, counts }
    }

    /// What this file's records are counted in.
    pub(super) fn counts(&self) -> &InputCounts {
        &self.counts
    }

    /// The next read, or none when the file has ended.
    pub(super) async fn next(&mut self) -> Result<Option<Record>> {
        while let Some(entry) = self.next_entry().await? {
            if entry.read.is_some() {
                return Ok(entry.read);
            }
        }
        Ok(None)
    }

    /// The next record that is a read or is kept, or none when the file has ended.
    pub(super) async fn next_entry(&mut self) -> Result<Option<Entry>> {
        loop {
            let (read, len) = match (self.parse)(self.content.window(), self.content.ended()) {
                Ok(Step::More) => {
                    self.fill().await?;
                    continue;
                }
                Ok(Step::Record(record, len)) => (Some(record), len),
                Ok(Step::HardClipped(record, len)) => {
                    self.counts.hard_clipped.add(1);
                    (Some(record), len)
                }
                Ok(Step::Secondary(len)) => {
                    self.counts.secondary.add(1);
                    (None, len)
                }
                Ok(Step::Supplementary(len)) => {
                    self.counts.supplementary.add(1);
                    (None, len)
                }
                Ok(Step::End) => return Ok(None),
                Err(fault) => return Err(self.fault(self.ordinal + 1, fault)),
            };
            let stored = self.stored(len).map_err(|problem| {
                let name = read.as_ref().map(Record::word);
                self.fault(self.ordinal + 1, Fault { name, problem })
            })?;
            self.passed(len);
            if read.is_some() || stored.is_some() {
                return Ok(Some(Entry { read, stored }));
            }
        }
    }

    /// The window's first `len` bytes, a record, as BAM stores it.
    fn stored(&self, len: usize) -> Result<Option<Alignment>, Problem> {
        let stored = &self.content.window()[..len];
        match &self.keep {
            Keep::Nothing | Keep::Letters => Ok(None),
            Keep::Bam => Alignment::new(&stored[size_of::<u32>()..]).map(Some),
            Keep::Sam(encoder) => Alignment::new(&encoder.encode(stored)?).map(Some),
        }
    }

    /// A read that [`next`](Self::next) gave, now that it is known which mate it is.
    pub(super) fn entry(&self, read: Record) -> Result<Entry> {
        let stored = match &self.keep {
            Keep::Letters => unaligned::fields(&read).and_then(|fields| Alignment::new(&fields)).map(Some),
            Keep::Nothing | Keep::Bam | Keep::Sam(_) => Ok(None),
        };
        match stored {
            Ok(stored) => Ok(Entry { read: Some(read), stored }),
            Err(problem) => Err(self.error_at(&read, problem)),
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
