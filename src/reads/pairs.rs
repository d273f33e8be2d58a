//! Which records belong together: one, two and interleaved files, and the adjacent records of one name in BAM and SAM.

use std::hash::{DefaultHasher, Hash, Hasher};

use async_stream::try_stream;
use futures::stream::{BoxStream, StreamExt};

use super::bam::Order;
use super::records::Records;
use super::{InputCounts, Mate, Problem, Record, Template};
use crate::error::Result;

/// QNAME of records that have none.
const UNNAMED: &[u8] = b"*";

/// Templates in input order.
pub(super) type Stream = BoxStream<'static, Result<Template>>;

/// Every record a template of its own.
pub(super) fn each(mut records: Records) -> Stream {
    try_stream! {
        while let Some(record) = records.next().await? {
            if let Some(template) = template(vec![record], records.counts()) {
                yield template;
            }
        }
    }
    .boxed()
}

/// R1 and R2 from a file each, in lock step.
pub(super) fn two_files(mut first: Records, mut second: Records) -> Stream {
    try_stream! {
        let mut pair = 0;
        loop {
            pair += 1;
            let mates = match (first.next().await?, second.next().await?) {
                (None, None) => break,
                (Some(r1), Some(r2)) if r1.name() == r2.name() => [r1, r2],
                (r1, r2) => Err(first.error(differ(pair, r1.as_ref(), r2.as_ref())))?,
            };
            if let Some(template) = template(as_pair(mates), first.counts()) {
                yield template;
            }
        }
    }
    .boxed()
}

/// R1 and R2 one after the other in one file.
pub(super) fn interleaved(mut records: Records) -> Stream {
    try_stream! {
        let mut pair = 0;
        while let Some(r1) = records.next().await? {
            pair += 1;
            let Some(r2) = records.next().await? else {
                Err(records.error_at(&r1, Problem::Odd))?
            };
            if r1.name() != r2.name() {
                Err(records.error(differ(pair, Some(&r1), Some(&r2))))?;
            }
            if let Some(template) = template(as_pair([r1, r2]), records.counts()) {
                yield template;
            }
        }
    }
    .boxed()
}

/// The mates of each pair as templates of their own.
pub(super) fn apart(pairs: Stream) -> Stream {
    pairs
        .flat_map(|pair| {
            let templates = match pair {
                Ok(pair) => pair.segments.into_iter().map(|segment| Ok(Template { segments: vec![segment] })).collect(),
                Err(error) => vec![Err(error)],
            };
            futures::stream::iter(templates)
        })
        .boxed()
}

/// Adjacent mates of one name; a lone one is an orphan, unless its mate turns up later.
pub(super) fn collated(mut records: Records, order: Order) -> Stream {
    try_stream! {
        let mut orphans = Orphans::default();
        let mut segments: Vec<Record> = Vec::new();
        while let Some(record) = records.next().await? {
            if order == Order::Coordinate && record.mate != Mate::Unpaired {
                Err(records.error_at(&record, Problem::CoordinateSorted))?;
            }
            if !segments.first().is_none_or(|first| belong_together(first, &record)) {
                orphans.check(&segments, &records)?;
                if let Some(template) = template(std::mem::take(&mut segments), records.counts()) {
                    yield template;
                }
            }
            segments.push(record);
        }
        orphans.check(&segments, &records)?;
        if let Some(template) = template(segments, records.counts()) {
            yield template;
        }
    }
    .boxed()
}

/// A template of those segments that have bases, if any has.
fn template(mut segments: Vec<Record>, counts: &InputCounts) -> Option<Template> {
    let before = segments.len();
    segments.retain(|record| !record.bases.is_empty());
    if segments.len() < before {
        counts.without_bases.add((before - segments.len()) as u64);
    }
    (!segments.is_empty()).then_some(Template { segments })
}

fn as_pair([first, second]: [Record; 2]) -> Vec<Record> {
    vec![first.with_mate(Mate::First), second.with_mate(Mate::Second)]
}

/// Only mates share a template: unpaired reads of one name are different reads, whoever named them.
fn belong_together(first: &Record, next: &Record) -> bool {
    let are_mates = first.mate != Mate::Unpaired && next.mate != Mate::Unpaired;
    are_mates && first.name() == next.name() && first.name() != UNNAMED
}

fn differ(pair: u64, first: Option<&Record>, second: Option<&Record>) -> Problem {
    let shown =
        |record: Option<&Record>| record.map_or("the end of the file".to_owned(), |r| format!("{:?}", r.word()));
    Problem::Mates { pair, first: shown(first), second: shown(second) }
}

/// Mates that came alone, to tell a missing mate from one that is elsewhere in the file.
///
/// It forgets: a slot keeps the hash that fell on it last, so that memory stays bounded (8 MiB) however many orphans
/// there are. A file that is not collated has so many mates apart that some are remembered long enough.
#[derive(Default)]
struct Orphans {
    slots: Vec<u64>,
}

impl Orphans {
    const SLOTS: usize = 1 << 20;

    /// Counts the mate in `segments` if it is alone; an error if its other mate was alone before.
    fn check(&mut self, segments: &[Record], records: &Records) -> Result<()> {
        let has = |mate| segments.iter().any(|record| record.mate == mate);
        let (alone, missing) = match (has(Mate::First), has(Mate::Second)) {
            (true, false) => (Mate::First, Mate::Second),
            (false, true) => (Mate::Second, Mate::First),
            _ => return Ok(()),
        };
        let name = segments[0].name();
        if name != UNNAMED {
            if self.has(name, missing) {
                return Err(records.error(Problem::NotAdjacent(String::from_utf8_lossy(name).into_owned())));
            }
            self.insert(name, alone);
        }
        records.counts().orphans.add(1);
        Ok(())
    }

    fn has(&self, name: &[u8], mate: Mate) -> bool {
        let (slot, hash) = Self::place(name, mate);
        self.slots.get(slot) == Some(&hash)
    }

    fn insert(&mut self, name: &[u8], mate: Mate) {
        let (slot, hash) = Self::place(name, mate);
        self.slots.resize(Self::SLOTS, 0);
        self.slots[slot] = hash;
    }

    fn place(name: &[u8], mate: Mate) -> (usize, u64) {
        let mut hasher = DefaultHasher::new();
        (name, mate).hash(&mut hasher);
        let hash = hasher.finish();
        let slot = usize::try_from(hash % Self::SLOTS as u64).expect("less than SLOTS");
        (slot, hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_orphan_is_remembered_as_the_mate_it_was() {
        let mut orphans = Orphans::default();
        assert!(!orphans.has(b"a", Mate::First));
        orphans.insert(b"a", Mate::First);
        assert!(orphans.has(b"a", Mate::First));
        assert!(!orphans.has(b"a", Mate::Second));
        assert!(!orphans.has(b"b", Mate::First));
    }
}
