//! Groups records by name in bounded memory: what does not fit is sorted in runs in an unnamed file, and the runs are
//! merged. Knows no format: a record is bytes, and the range of its name in them.
//!
//! Records are sorted by a hash of the name without a mate's number at its end (so that `r.1` and `r.2` come together),
//! then by name, mate and place in the input. The order does not depend on how much fits into memory.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use noodles::bgzf;
use noodles::bgzf::io::writer::CompressionLevel;
use tokio::sync::mpsc;

use super::mate_names::unnumbered;
use crate::blocking::blocking;
use crate::reads::error::{Error, Result};
use crate::reads::formats::raw_record::RawRecord;
use crate::reads::{Mate, name_hash};

/// The most bytes of a piece in which records are gathered: growing one large piece would hold it twice for a moment.
const PIECE: usize = 1 << 20;

/// Bytes it takes to read one run: a block as stored and as inflated, and the current record.
const BYTES_PER_RUN: usize = 256 * 1024;

/// The number of bytes of sorted records that are passed on at once.
const BATCH: usize = 256 * 1024;

/// Gathers records, and returns them sorted by name.
pub(in crate::reads) struct Sorter {
    budget: usize,
    pieces: Vec<Vec<u8>>,
    /// Bytes that the pieces take.
    held: usize,
    index: Vec<Item>,
    runs: Runs,
}

/// Where a gathered record is, and its sort key besides the name.
#[derive(Clone, Debug)]
struct Item {
    hash: u64,
    ordinal: u64,
    piece: usize,
    start: usize,
    len: usize,
    name: Range<usize>,
    mate: Mate,
}

impl Sorter {
    /// Creates a sorter that holds about `budget` bytes of records; the rest goes to a file in `folder`.
    pub(in crate::reads) fn new(budget: u64, folder: &Path) -> Result<Self> {
        let budget = usize::try_from(budget).unwrap_or(usize::MAX);
        let runs = Runs::new(folder, (budget / BYTES_PER_RUN).clamp(4, 1024));
        let runs = runs.map_err(|source| failed(folder, source))?;
        Ok(Self { budget, pieces: Vec::new(), held: 0, index: Vec::new(), runs })
    }

    pub(in crate::reads) fn push(&mut self, record: &RawRecord) {
        let len = record.bytes.len();
        if self.pieces.last().is_none_or(|piece| piece.capacity() - piece.len() < len) {
            let room = len.max(PIECE.min(self.budget / 8));
            self.pieces.push(Vec::with_capacity(room));
            self.held += room;
        }
        let piece = self.pieces.len() - 1;
        let start = self.pieces[piece].len();
        self.pieces[piece].extend_from_slice(&record.bytes);
        let (name, hash) = (record.name.clone(), name_hash(None, unnumbered(record.name())));
        self.index.push(Item { hash, ordinal: record.ordinal, piece, start, len, name, mate: record.mate });
    }

    /// Whether the budget is used up.
    pub(in crate::reads) fn is_full(&self) -> bool {
        self.held + self.index.capacity() * size_of::<Item>() >= self.budget
    }

    /// Sorts the records in memory and writes them to disk.
    pub(in crate::reads) async fn spill(mut self) -> Result<Self> {
        let folder = self.runs.folder.clone();
        let spilled = blocking(move || self.spill_now().map(|()| self)).await;
        spilled.map_err(|source| failed(&folder, source))
    }

    /// Sends all records; those of one name come one after the other.
    pub(in crate::reads) fn finish(mut self) -> mpsc::Receiver<Result<Vec<RawRecord>>> {
        let (sender, receiver) = mpsc::channel(2);
        tokio::task::spawn_blocking(move || {
            let folder = self.runs.folder.clone();
            if let Err(source) = self.send_all(&sender) {
                // The receiver may be gone already.
                let _nobody_listens = sender.blocking_send(Err(failed(&folder, source)));
            }
        });
        receiver
    }

    fn send_all(&mut self, sender: &mpsc::Sender<Result<Vec<RawRecord>>>) -> io::Result<()> {
        let mut batches = Batches { sender, batch: Vec::new(), bytes: 0 };
        if self.runs.regions.is_empty() {
            self.sort();
            for item in &self.index {
                let Head { ordinal, mate, name, bytes, .. } = item.head(&self.pieces);
                if !batches.push(RawRecord { ordinal, mate, name, bytes: bytes.to_vec() }) {
                    return Ok(());
                }
            }
        } else {
            self.spill_now()?;
            self.pieces = Vec::new();
            self.index = Vec::new();
            let mut merged = Merged::new(&self.runs)?;
            while let Some(head) = merged.next()? {
                let Head { ordinal, mate, name, bytes, .. } = head;
                if !batches.push(RawRecord { ordinal, mate, name, bytes }) {
                    return Ok(());
                }
            }
        }
        batches.send();
        Ok(())
    }

    fn spill_now(&mut self) -> io::Result<()> {
        if self.runs.regions.len() >= self.runs.most {
            self.runs.merge()?;
        }
        self.sort();
        let Self { runs, index, pieces, .. } = self;
        runs.append(|run| index.iter().try_for_each(|item| item.head(pieces).write(run)))?;
        self.index = Vec::new(); // not cleared, since `is_full` counts its capacity
        self.pieces.clear();
        self.held = 0;
        Ok(())
    }

    fn sort(&mut self) {
        let Self { index, pieces, .. } = self;
        index.sort_unstable_by(|one, other| {
            one.hash.cmp(&other.hash).then_with(|| one.head(pieces).order(&other.head(pieces)))
        });
    }
}

impl Item {
    fn head<'a>(&self, pieces: &'a [Vec<u8>]) -> Head<&'a [u8]> {
        let Self { hash, ordinal, mate, ref name, .. } = *self;
        Head { hash, ordinal, mate, name: name.clone(), bytes: &pieces[self.piece][self.start..][..self.len] }
    }
}

/// Passes records on in batches.
struct Batches<'a> {
    sender: &'a mpsc::Sender<Result<Vec<RawRecord>>>,
    batch: Vec<RawRecord>,
    bytes: usize,
}

impl Batches<'_> {
    /// Adds a record; returns whether anybody still wants records.
    fn push(&mut self, record: RawRecord) -> bool {
        self.bytes += size_of::<RawRecord>() + record.bytes.len();
        self.batch.push(record);
        self.bytes < BATCH || self.send()
    }

    fn send(&mut self) -> bool {
        self.bytes = 0;
        self.sender.blocking_send(Ok(std::mem::take(&mut self.batch))).is_ok()
    }
}

/// Sorted records on disk: compressed runs, one after the other, in an unnamed file that goes away with the process,
/// however it ends.
struct Runs {
    folder: PathBuf,
    file: Arc<File>,
    regions: Vec<Range<u64>>,
    /// The most runs that are read at once.
    most: usize,
}

impl Runs {
    fn new(folder: &Path, most: usize) -> io::Result<Self> {
        let file = Arc::new(tempfile::tempfile_in(folder)?);
        Ok(Self { folder: folder.to_owned(), file, regions: Vec::new(), most })
    }

    /// Writes one more run.
    fn append(&mut self, records: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        let mut file = &*self.file;
        let start = file.seek(SeekFrom::End(0))?;
        let builder = bgzf::io::writer::Builder::default().set_compression_level(CompressionLevel::FAST);
        let mut writer = builder.build_from_writer(BufWriter::with_capacity(BATCH, file));
        records(&mut writer)?;
        writer.finish()?.flush()?;
        let end = file.seek(SeekFrom::End(0))?;
        self.regions.push(start..end);
        Ok(())
    }

    /// Merges all runs into one, in a new file.
    fn merge(&mut self) -> io::Result<()> {
        let mut merged = Merged::new(self)?;
        let mut into = Self::new(&self.folder, self.most)?;
        into.append(|run| {
            while let Some(head) = merged.next()? {
                head.write(run)?;
            }
            Ok(())
        })?;
        *self = into;
        Ok(())
    }
}

/// A record on disk, and its sort key.
struct Head<B> {
    hash: u64,
    ordinal: u64,
    mate: Mate,
    name: Range<usize>,
    bytes: B,
}

impl<B: AsRef<[u8]>> Head<B> {
    fn write(&self, into: &mut dyn Write) -> io::Result<()> {
        let bytes = self.bytes.as_ref();
        let mate = usize::from(self.mate.number());
        let lengths = [mate, self.name.start, self.name.len(), bytes.len()].map(|number| number as u64);
        for number in [self.hash, self.ordinal].into_iter().chain(lengths) {
            into.write_all(&number.to_le_bytes())?;
        }
        into.write_all(bytes)
    }

    fn name(&self) -> &[u8] {
        &self.bytes.as_ref()[self.name.clone()]
    }

    fn order(&self, other: &Self) -> Ordering {
        let by_mate = || self.mate.number().cmp(&other.mate.number());
        let by_hash = self.hash.cmp(&other.hash);
        by_hash.then_with(|| self.name().cmp(other.name())).then_with(by_mate).then(self.ordinal.cmp(&other.ordinal))
    }
}

/// Merges the runs of a file.
struct Merged {
    runs: Vec<bgzf::io::Reader<Region>>,
    heads: BinaryHeap<Reverse<First>>,
}

/// The first record of run `run` that has not been taken.
struct First {
    head: Head<Vec<u8>>,
    run: usize,
}

impl Merged {
    fn new(runs: &Runs) -> io::Result<Self> {
        let region = |region: &Range<u64>| Region { file: Arc::clone(&runs.file), at: region.start, end: region.end };
        let readers = runs.regions.iter().map(|range| bgzf::io::Reader::new(region(range)));
        let mut merged = Self { runs: readers.collect(), heads: BinaryHeap::new() };
        for run in 0..merged.runs.len() {
            merged.refill(run)?;
        }
        Ok(merged)
    }

    fn next(&mut self) -> io::Result<Option<Head<Vec<u8>>>> {
        let Some(Reverse(First { head, run })) = self.heads.pop() else { return Ok(None) };
        self.refill(run)?;
        Ok(Some(head))
    }

    fn refill(&mut self, run: usize) -> io::Result<()> {
        let reader = &mut self.runs[run];
        let mut number = [0; 8];
        // A run ends between two records, so it may only be short there.
        match reader.read_exact(&mut number) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            other => other?,
        }
        let hash = u64::from_le_bytes(number);
        let mut read = || reader.read_exact(&mut number).map(|()| u64::from_le_bytes(number));
        let ordinal = read()?;
        let mate = match read()? {
            1 => Mate::First,
            2 => Mate::Second,
            _ => Mate::Unpaired,
        };
        let mut length = || read().map(|number| usize::try_from(number).expect("a length of this very process"));
        let (start, name_len, len) = (length()?, length()?, length()?);
        let mut bytes = vec![0; len];
        reader.read_exact(&mut bytes)?;
        let head = Head { hash, ordinal, mate, name: start..start + name_len, bytes };
        self.heads.push(Reverse(First { head, run }));
        Ok(())
    }
}

impl Ord for First {
    fn cmp(&self, other: &Self) -> Ordering {
        self.head.order(&other.head)
    }
}

impl PartialOrd for First {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for First {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for First {}

/// A range of a file, read independently of other reads of the file.
struct Region {
    file: Arc<File>,
    at: u64,
    end: u64,
}

impl Read for Region {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
        let room = into.len().min(left);
        let n = self.file.read_at(&mut into[..room], self.at)?;
        self.at += n as u64;
        Ok(n)
    }
}

fn failed(folder: &Path, source: io::Error) -> Error {
    Error::Temporary { folder: folder.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(ordinal: usize, name: &str, mate: Mate, padding: usize) -> RawRecord {
        let bytes = format!("{}{name}{}", "<".repeat(padding % 7), ">".repeat(padding)).into_bytes();
        let name = padding % 7..padding % 7 + name.len();
        RawRecord { ordinal: ordinal as u64, mate, name, bytes }
    }

    async fn sorted(records: &[RawRecord], budget: u64) -> (Vec<RawRecord>, usize) {
        let folder = tempfile::tempdir().unwrap();
        let mut gathered = Sorter::new(budget, folder.path()).unwrap();
        for record in records {
            gathered.push(record);
            if gathered.is_full() {
                gathered = gathered.spill().await.unwrap();
            }
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the file has no name");
        let runs = gathered.runs.regions.len();
        let mut receiver = gathered.finish();
        let mut sorted = Vec::new();
        while let Some(batch) = receiver.recv().await {
            sorted.extend(batch.unwrap());
        }
        (sorted, runs)
    }

    #[tokio::test]
    async fn short_records_are_spilled_many_at_a_time() {
        let records: Vec<RawRecord> = (0..20_000).map(|n| record(n, "a", Mate::Unpaired, 0)).collect();
        let (sorted, runs) = sorted(&records, 1 << 18).await;
        assert_eq!(sorted.len(), records.len());
        assert!((2..100).contains(&runs), "{runs} runs");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn the_order_does_not_depend_on_what_fits(
            records in prop::collection::vec(("[a-c]{1,2}", 0_u8..3, 0_usize..3000), 0..200)
        ) {
            let mate = |number| [Mate::Unpaired, Mate::First, Mate::Second][usize::from(number)];
            let records: Vec<RawRecord> = (1..)
                .zip(&records)
                .map(|(n, (name, number, padding))| record(n, name, mate(*number), *padding))
                .collect();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let (in_memory, none) = runtime.block_on(sorted(&records, 1 << 30));
            let (spilled, runs) = runtime.block_on(sorted(&records, 8192));
            prop_assert_eq!(none, 0);
            prop_assert!(runs > 0 || records.len() < 60);
            prop_assert_eq!(&spilled, &in_memory);

            let mut names: Vec<&[u8]> = in_memory.iter().map(RawRecord::name).collect();
            names.dedup();
            let together = names.len();
            names.sort_unstable();
            names.dedup();
            prop_assert_eq!(names.len(), together, "records of one name are together");
            let in_step = |two: &[RawRecord]| {
                let key = |record: &RawRecord| (record.mate.number(), record.ordinal);
                two[0].name() != two[1].name() || key(&two[0]) < key(&two[1])
            };
            prop_assert!(in_memory.windows(2).all(in_step), "mates in order, and in each the order of the input");
            let mut ordinals: Vec<u64> = in_memory.iter().map(|record| record.ordinal).collect();
            ordinals.sort_unstable();
            prop_assert_eq!(ordinals, (1..=records.len() as u64).collect::<Vec<_>>());
        }
    }

    #[tokio::test]
    async fn a_folder_that_is_not_there_is_named() {
        let error = Sorter::new(1 << 20, Path::new("/no/such/folder")).err().unwrap();
        assert!(matches!(error, Error::Temporary { .. }), "{error}");
        assert!(error.to_string().contains("/no/such/folder"), "{error}");
    }
}
