//! Regroups the records of a BAM or SAM file by name in bounded memory, so that mates and all records of theirs come
//! together.
//!
//! If only reads are wanted, most pairs of a file sorted by coordinate are close together: the first mate waits in a
//! small window for the second, and the pair is passed on at once. Records that fall out of the window are grouped by
//! [`Sorter`] and come at the end. If a BAM output wants all records, nobody knows before the file ends whether a name
//! has had its last one, so all of them go through the sorter.
//!
//! The window's size is fixed, and so is the sorter's order: neither `--memory` nor `--threads` changes what is written.

use std::collections::{BTreeMap, HashMap};

use async_stream::try_stream;
use futures::stream::StreamExt;
use tokio::sync::mpsc;

use super::pairs::{self, Stream, UNNAMED, template};
use super::rule::Collate;
use super::sorter::Sorter;
use crate::reads::error::Result;
use crate::reads::formats::parse::Framer;
use crate::reads::formats::raw_record::RawRecord;
use crate::reads::formats::records::{Entry, Records};
use crate::reads::{Mate, Template};

/// Bytes of mates that wait for the other one: enough for millions of bases of a deeply sequenced genome.
const WINDOW: usize = 8 << 20;

/// Groups records in any order into templates.
pub(in crate::reads) fn regrouped(mut records: Records, framer: Framer, config: &Collate) -> Result<Stream> {
    let mut gathered = Sorter::new(config.memory, &config.folder)?;
    let templates = try_stream! {
        let keeps = records.keeps();
        let mut window = Window::default();
        while let Some(framed) = records.next_framed(framer).await? {
            let mut rest = Vec::new();
            if keeps {
                rest.push(framed.stored);
            } else if framed.left_out {
                continue;
            } else {
                let (together, fallen_out) = window.add(framed.stored);
                if let Some(template) = read(together, &mut records)? {
                    yield template;
                }
                rest = fallen_out;
            }
            for record in rest {
                gathered.push(&record);
            }
            if gathered.is_full() {
                gathered = gathered.spill().await?;
            }
        }
        for record in window.into_rest() {
            gathered.push(&record);
            if gathered.is_full() {
                gathered = gathered.spill().await?;
            }
        }
        let mut sorted = Sorted { receiver: gathered.finish(), batch: Vec::new().into_iter() };
        let mut group: Vec<Entry> = Vec::new();
        while let Some(record) = sorted.next().await? {
            let entry = records.read_stored(&record)?;
            if !pairs::belongs(&entry, &group) {
                pairs::count_orphans(&group, records.counts());
                if let Some(template) = template(std::mem::take(&mut group), records.counts()) {
                    yield template;
                }
            }
            group.push(entry);
        }
        pairs::count_orphans(&group, records.counts());
        if let Some(template) = template(group, records.counts()) {
            yield template;
        }
    };
    Ok(templates.boxed())
}

/// Reads the records of a template.
fn read(together: Vec<RawRecord>, records: &mut Records) -> Result<Option<Template>> {
    let mut entries = Vec::with_capacity(together.len());
    for record in together {
        entries.push(records.read_stored(&record)?);
    }
    Ok(template(entries, records.counts()))
}

/// Yields the sorter's records one by one.
struct Sorted {
    receiver: mpsc::Receiver<Result<Vec<RawRecord>>>,
    batch: std::vec::IntoIter<RawRecord>,
}

impl Sorted {
    async fn next(&mut self) -> Result<Option<RawRecord>> {
        loop {
            if let Some(record) = self.batch.next() {
                return Ok(Some(record));
            }
            match self.receiver.recv().await {
                Some(batch) => self.batch = batch?.into_iter(),
                None => return Ok(None),
            }
        }
    }
}

/// The mates that wait for the other one.
#[derive(Default)]
struct Window {
    waiting: BTreeMap<u64, RawRecord>,
    ordinals: HashMap<Vec<u8>, u64>,
    bytes: usize,
}

impl Window {
    /// Adds a record. Returns the records it completes, first mate first, and those that do not wait any longer.
    fn add(&mut self, record: RawRecord) -> (Vec<RawRecord>, Vec<RawRecord>) {
        if record.mate == Mate::Unpaired {
            return (vec![record], Vec::new());
        }
        if record.name() == UNNAMED {
            return (Vec::new(), vec![record]);
        }
        let Some(&ordinal) = self.ordinals.get(record.name()) else {
            self.insert(record);
            return (Vec::new(), self.fallen_out());
        };
        if self.waiting[&ordinal].mate == record.mate {
            return (Vec::new(), vec![record]);
        }
        let other = self.remove(ordinal);
        let pair = if record.mate == Mate::First { vec![record, other] } else { vec![other, record] };
        (pair, Vec::new())
    }

    /// The mates that never found the other one, in input order.
    fn into_rest(self) -> impl Iterator<Item = RawRecord> {
        self.waiting.into_values()
    }

    fn fallen_out(&mut self) -> Vec<RawRecord> {
        let mut fallen_out = Vec::new();
        while self.bytes > WINDOW {
            let (&oldest, _) = self.waiting.first_key_value().expect("the bytes are somebody's");
            fallen_out.push(self.remove(oldest));
        }
        fallen_out
    }

    fn insert(&mut self, record: RawRecord) {
        self.bytes += Self::price(&record);
        self.ordinals.insert(record.name().to_vec(), record.ordinal);
        self.waiting.insert(record.ordinal, record);
    }

    fn remove(&mut self, ordinal: u64) -> RawRecord {
        let record = self.waiting.remove(&ordinal).expect("whoever asks has seen it");
        self.ordinals.remove(record.name());
        self.bytes -= Self::price(&record);
        record
    }

    /// The bytes that a waiting mate keeps alive, including its share of the two maps.
    fn price(record: &RawRecord) -> usize {
        record.bytes.len() + record.name.len() + 2 * size_of::<RawRecord>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(ordinal: u64, name: &str, mate: Mate, len: usize) -> RawRecord {
        let mut bytes = name.as_bytes().to_vec();
        bytes.resize(len, b'.');
        RawRecord { ordinal, mate, name: 0..name.len(), bytes }
    }

    fn ordinals(records: &[RawRecord]) -> Vec<u64> {
        records.iter().map(|record| record.ordinal).collect()
    }

    #[test]
    fn a_pair_is_complete_with_its_second_record_and_the_first_mate_leads() {
        let mut window = Window::default();
        assert_eq!(window.add(record(1, "a", Mate::Second, 9)), (vec![], vec![]));
        assert_eq!(window.add(record(2, "b", Mate::First, 9)), (vec![], vec![]));
        assert_eq!(ordinals(&window.add(record(3, "a", Mate::First, 9)).0), [3, 1]);
        assert_eq!(ordinals(&window.add(record(4, "c", Mate::Unpaired, 9)).0), [4]);
        assert_eq!(ordinals(&window.add(record(5, "b", Mate::First, 9)).1), [5], "the same mate twice");
        assert_eq!(ordinals(&window.add(record(6, "*", Mate::First, 9)).1), [6], "nobody's mate");
        assert_eq!(window.into_rest().map(|record| record.ordinal).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn what_waits_too_long_falls_out_and_is_forgotten() {
        let mut window = Window::default();
        let large = WINDOW / 3;
        for n in 1..=2 {
            assert_eq!(window.add(record(n, &n.to_string(), Mate::First, large)), (vec![], vec![]));
        }
        assert_eq!(ordinals(&window.add(record(3, "3", Mate::First, large)).1), [1]);
        assert_eq!(window.add(record(4, "1", Mate::Second, 9)), (vec![], vec![]), "its mate is elsewhere");
        assert_eq!(ordinals(&window.add(record(5, "2", Mate::Second, 9)).0), [2, 5]);
        let huge = window.add(record(6, "6", Mate::First, 4 * WINDOW)).1;
        assert_eq!(ordinals(&huge), [3, 4, 6], "and itself");
        assert_eq!((window.bytes, window.waiting.len(), window.ordinals.len()), (0, 0, 0));
    }
}
