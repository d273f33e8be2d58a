//! One file's records, one after the other: the loop every format shares, and where errors get their position.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use noodles::sam::alignment::record::Flags;

use super::alignment::Alignment;
use super::buffer::Buffer;
use super::compression::Bytes;
use super::error::{Error, Position, Result};
use super::sorter::Stored;
use super::{InputCounts, Mate, Problem, Record, bam, sam_to_bam, unaligned};

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

/// What a format says of the record the window starts with without reading it: enough to group it.
pub(super) type Framer = fn(&[u8], ended: bool) -> Result<Framed, Fault>;

/// A framer's answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Framed {
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
    /// Nothing more.
    End,
}

/// A record as stored, and whether it is secondary or supplementary.
pub(super) struct Whole {
    pub(super) stored: Stored,
    pub(super) left_out: bool,
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
                Ok(Step::End) => {
                    self.content.skip(self.content.window().len()); // blank lines
                    return Ok(None);
                }
                Err(fault) => return Err(self.fault(self.ordinal + 1, fault)),
            };
            let stored = self.keep(read.as_ref(), self.ordinal + 1, &self.content.window()[..len])?;
            self.passed(len);
            if read.is_some() || stored.is_some() {
                return Ok(Some(Entry { read, stored }));
            }
        }
    }

    /// Whether a BAM output wants the records.
    pub(super) fn keeps(&self) -> bool {
        !matches!(self.keep, Keep::Nothing)
    }

    /// The next record as it is stored, or none when the file has ended; [`read_stored`](Self::read_stored) reads it.
    pub(super) async fn next_framed(&mut self, framer: Framer) -> Result<Option<Whole>> {
        loop {
            match framer(self.content.window(), self.content.ended()) {
                Ok(Framed::More) => self.fill().await?,
                Ok(Framed::Record { len, name, flags }) => {
                    let bytes = self.content.window()[..len].to_vec();
                    self.passed(len);
                    let left_out = flags.is_secondary() || flags.is_supplementary();
                    let count = if flags.is_secondary() { &self.counts.secondary } else { &self.counts.supplementary };
                    count.add(u64::from(left_out));
                    let stored = Stored { ordinal: self.ordinal, mate: bam::mate(flags), name, bytes };
                    return Ok(Some(Whole { stored, left_out }));
                }
                Ok(Framed::End) => return Ok(None),
                Err(fault) => return Err(self.fault(self.ordinal + 1, fault)),
            }
        }
    }

    /// What a record holds that [`next_framed`](Self::next_framed) gave and counted.
    pub(super) fn read_stored(&self, record: &Stored) -> Result<Entry> {
        let read = match (self.parse)(&record.bytes, true) {
            Ok(Step::Record(read, _)) => Some(read),
            Ok(Step::HardClipped(read, _)) => {
                self.counts.hard_clipped.add(1);
                Some(read)
            }
            Ok(Step::Secondary(_) | Step::Supplementary(_)) => None,
            Ok(Step::More | Step::End) => unreachable!("a framer found a record here"),
            Err(fault) => return Err(self.fault(record.ordinal, fault)),
        };
        let stored = self.keep(read.as_ref(), record.ordinal, &record.bytes)?;
        Ok(Entry { read, stored })
    }

    /// A record as BAM stores it, if it is kept.
    fn keep(&self, read: Option<&Record>, ordinal: u64, stored: &[u8]) -> Result<Option<Alignment>> {
        self.stored(stored).map_err(|problem| self.fault(ordinal, Fault { name: read.map(Record::word), problem }))
    }

    fn stored(&self, stored: &[u8]) -> Result<Option<Alignment>, Problem> {
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
