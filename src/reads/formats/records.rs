//! Reads the records of one file: the loop that all formats share, and the place where errors get their position.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::parse::{Fault, Framed, Framer, Parse, Step};
use super::raw_record::RawRecord;
use super::{bam, bam_fields, sam_to_bam, unaligned};
use crate::reads::bytes::window::{Bytes, Window};
use crate::reads::error::{Error, Position, Result};
use crate::reads::{Alignment, InputCounts, Mate, Problem, Record};
use crate::warning::Warning;

/// A record as stored, and whether it is left out as secondary or supplementary.
pub(in crate::reads) struct Whole {
    pub(in crate::reads) stored: RawRecord,
    pub(in crate::reads) left_out: bool,
}

/// Whether records are also kept as BAM stores them, and how BAM records are made.
pub(in crate::reads) enum Keep {
    /// Nothing is kept: there is no BAM output.
    Nothing,
    /// The records are BAM already.
    Bam,
    /// The records are SAM lines.
    Sam(Box<sam_to_bam::Encoder>),
    /// The records are FASTQ or FASTA.
    Letters,
}

/// One record of a file: the read in it, and the record as stored if a BAM output needs it.
pub(in crate::reads) struct Entry {
    /// The read; `None` for a secondary or supplementary record.
    pub(in crate::reads) read: Option<Record>,
    pub(in crate::reads) stored: Option<Alignment>,
}

impl Entry {
    pub(in crate::reads) fn mate(&self) -> Mate {
        let stored = self.stored.as_ref().map(|stored| stored.mate);
        self.read.as_ref().map(|read| read.mate).or(stored).unwrap_or_default()
    }

    /// QNAME as stored.
    pub(in crate::reads) fn whole_name(&self) -> &[u8] {
        let stored = self.stored.as_ref().map(Alignment::stored_name);
        self.read.as_ref().map(Record::first_word).or(stored).unwrap_or_default()
    }

    /// The name that records are grouped by: QNAME, for a mate without `/1` or `/2`.
    pub(in crate::reads) fn name(&self) -> &[u8] {
        let stored = self.stored.as_ref().map(Alignment::own_name);
        self.read.as_ref().map(Record::own_name).or(stored).unwrap_or_default()
    }
}

/// The records of one file. Those without bases are included, since a mate's place in its pair counts.
pub(in crate::reads) struct Records {
    content: Window<Bytes>,
    parse: Parse,
    keep: Keep,
    /// Whether the user was warned of another program's tags with our names.
    told_of_tags: AtomicBool,
    /// The number of reference sequences in the header of a BAM file.
    references: Option<usize>,
    input: PathBuf,
    ordinal: u64,
    counts: Arc<InputCounts>,
}

impl Records {
    pub(in crate::reads) fn new(
        input: &Path,
        content: Window<Bytes>,
        parse: Parse,
        keep: Keep,
        counts: Arc<InputCounts>,
    ) -> Self {
        Self {
            content,
            parse,
            keep,
            told_of_tags: AtomicBool::new(false),
            references: None,
            input: input.to_owned(),
            ordinal: 0,
            counts,
        }
    }

    /// Sets the number of reference sequences, on one of which each of these BAM records must lie.
    pub(in crate::reads) fn on_references(self, references: usize) -> Self {
        Self { references: Some(references), ..self }
    }

    /// Sets how many records come before these in the file.
    pub(in crate::reads) fn after(self, ordinal: u64) -> Self {
        Self { ordinal, ..self }
    }

    /// The number of records read so far.
    pub(in crate::reads) fn ordinal(&self) -> u64 {
        self.ordinal
    }

    /// The number of bytes before the next record, if known.
    pub(in crate::reads) fn position(&self) -> Option<u64> {
        self.content.position()
    }

    /// The counters of this file's records.
    pub(in crate::reads) fn counts(&self) -> &InputCounts {
        &self.counts
    }

    /// The next read; `None` at the end of the file.
    pub(in crate::reads) async fn next(&mut self) -> Result<Option<Record>> {
        while let Some(entry) = self.next_entry().await? {
            if entry.read.is_some() {
                return Ok(entry.read);
            }
        }
        Ok(None)
    }

    /// The next record that is a read or is kept; `None` at the end of the file.
    pub(in crate::reads) async fn next_entry(&mut self) -> Result<Option<Entry>> {
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
                Ok(Step::Blank(len)) => {
                    self.content.skip(len);
                    continue;
                }
                Ok(Step::BlankAtEnd(len)) => {
                    self.content.forget_last(len);
                    self.fill().await?;
                    continue;
                }
                Ok(Step::End) => return Ok(None),
                Err(fault) => return Err(self.fault(self.ordinal + 1, fault)),
            };
            let stored = self.keep(read.as_ref(), self.ordinal + 1, &self.content.window()[..len])?;
            self.passed(len);
            if read.is_some() || stored.is_some() {
                return Ok(Some(Entry { read, stored }));
            }
        }
    }

    /// Whether records are kept for a BAM output.
    pub(in crate::reads) fn keeps(&self) -> bool {
        !matches!(self.keep, Keep::Nothing)
    }

    /// The next record as stored, for [`read_stored`](Self::read_stored); `None` at the end of the file.
    pub(in crate::reads) async fn next_framed(&mut self, framer: Framer) -> Result<Option<Whole>> {
        loop {
            match framer(self.content.window(), self.content.ended()) {
                Ok(Framed::More) => self.fill().await?,
                Ok(Framed::Record { len, name, flags }) => {
                    let bytes = self.content.window()[..len].to_vec();
                    self.passed(len);
                    let left_out = flags.is_secondary() || flags.is_supplementary();
                    let count = if flags.is_secondary() { &self.counts.secondary } else { &self.counts.supplementary };
                    count.add(u64::from(left_out));
                    let stored = RawRecord { ordinal: self.ordinal, mate: bam_fields::mate(flags), name, bytes };
                    return Ok(Some(Whole { stored, left_out }));
                }
                Ok(Framed::Blank(len)) => self.content.skip(len),
                Ok(Framed::End) => return Ok(None),
                Err(fault) => return Err(self.fault(self.ordinal + 1, fault)),
            }
        }
    }

    /// Reads a record that [`next_framed`](Self::next_framed) returned and counted.
    pub(in crate::reads) fn read_stored(&self, record: &RawRecord) -> Result<Entry> {
        let read = match (self.parse)(&record.bytes, true) {
            Ok(Step::Record(read, _)) => Some(read),
            Ok(Step::HardClipped(read, _)) => {
                self.counts.hard_clipped.add(1);
                Some(read)
            }
            Ok(Step::Secondary(_) | Step::Supplementary(_)) => None,
            Ok(Step::More | Step::Blank(_) | Step::BlankAtEnd(_) | Step::End) => {
                unreachable!("a framer found a record here")
            }
            Err(fault) => return Err(self.fault(record.ordinal, fault)),
        };
        let stored = self.keep(read.as_ref(), record.ordinal, &record.bytes)?;
        Ok(Entry { read, stored })
    }

    /// The record as BAM stores it, if records are kept.
    fn keep(&self, read: Option<&Record>, ordinal: u64, stored: &[u8]) -> Result<Option<Alignment>> {
        self.stored(stored).map_err(|problem| self.fault(ordinal, Fault { name: read.map(Record::word), problem }))
    }

    fn stored(&self, stored: &[u8]) -> Result<Option<Alignment>, Problem> {
        if let Some(references) = self.references {
            bam::check_places(stored, references)?;
        }
        let alignment = match &self.keep {
            Keep::Nothing | Keep::Letters => return Ok(None),
            Keep::Bam => Alignment::new(&stored[size_of::<u32>()..])?,
            Keep::Sam(encoder) => Alignment::new(&encoder.encode(stored)?)?,
        };
        if alignment.has_foreign_tags() && !self.told_of_tags.swap(true, Ordering::Relaxed) {
            self.counts.warn(Warning::TagsTaken { path: self.input.clone() });
        }
        Ok(Some(alignment))
    }

    /// Makes an entry of a read that [`next`](Self::next) returned, now that it is known which mate it is.
    pub(in crate::reads) fn entry(&self, read: Record) -> Result<Entry> {
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
    pub(in crate::reads) fn error(&self, problem: Problem) -> Error {
        Error::Input { input: self.input.clone(), at: None, problem }
    }

    /// An error about the record returned last.
    pub(in crate::reads) fn error_at(&self, record: &Record, problem: Problem) -> Error {
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
