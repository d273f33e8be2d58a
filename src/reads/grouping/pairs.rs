//! Groups records into templates: those of one, two or interleaved files, and adjacent records of one name in BAM and
//! SAM.

use std::hash::{DefaultHasher, Hash, Hasher};

use async_stream::try_stream;
use futures::stream::{BoxStream, StreamExt};
use smallvec::{SmallVec, smallvec};

use super::mate_names::{self, Unfit};
use super::rule::{Grouping, MateNames};
use crate::reads::error::{Error, Result};
use crate::reads::formats::header::Order;
use crate::reads::formats::records::{Entry, Records};
use crate::reads::problem::{shown_header, shown_name};
use crate::reads::{InputCounts, Mate, Problem, Record, Template};

/// The QNAME of records that have no name.
pub(in crate::reads) const UNNAMED: &[u8] = b"*";

/// A stream of templates in input order.
pub(in crate::reads) type Stream = BoxStream<'static, Result<Template>>;

/// Makes every read a template of its own.
pub(in crate::reads) fn each(mut records: Records) -> Stream {
    try_stream! {
        while let Some(record) = records.next().await? {
            let entry = records.entry(record)?;
            if let Some(template) = template([entry], records.counts()) {
                yield template;
            }
        }
    }
    .boxed()
}

/// Makes every aligned read a template of its own. Adjacent reads of one name come in the same order as when they are
/// pairs.
pub(in crate::reads) fn each_in_order(mut records: Records) -> Stream {
    /// The most records that are put in order at once: far more than a template has, so that a file of one name takes
    /// no memory.
    const MOST: usize = 1000;
    try_stream! {
        let mut group: Vec<Entry> = Vec::new();
        while let Some(record) = records.next().await? {
            let entry = records.entry(record)?;
            if group.len() == MOST || !belongs(&entry, &group) {
                for read in gathered(std::mem::take(&mut group), records.counts()).segments {
                    yield alone(read);
                }
            }
            group.push(entry);
        }
        for read in gathered(group, records.counts()).segments {
            yield alone(read);
        }
    }
    .boxed()
}

/// Makes every read a template of its own, with its record as BAM stores it. Secondary and supplementary records are
/// left out.
pub(in crate::reads) fn each_with_alignment(mut records: Records) -> Stream {
    try_stream! {
        while let Some(entry) = records.next_entry().await? {
            let template = entry.read.is_some().then(|| template([entry], records.counts())).flatten();
            if let Some(template) = template {
                yield template;
            }
        }
    }
    .boxed()
}

/// Pairs R1 and R2 from two files in lock step.
pub(in crate::reads) fn two_files(mut first: Records, mut second: Records, names: MateNames) -> Stream {
    try_stream! {
        let mut pair = 0;
        let mut twins = Twins::default();
        loop {
            pair += 1;
            let [r1, r2] = match (first.next().await?, second.next().await?) {
                (None, None) => break,
                (Some(r1), Some(r2)) => {
                    if twins.add(&r1, &r2) {
                        Err(first.error(Problem::SameReads))?;
                    }
                    join(names, r1, r2).map_err(|unfit| first.error(parallel(pair, &unfit)))?
                }
                (r1, r2) => Err(first.error(differ(pair, r1.as_ref(), r2.as_ref())))?,
            };
            if let Some(template) = template([first.entry(r1)?, second.entry(r2)?], first.counts()) {
                yield template;
            }
        }
        if twins.are_all() {
            Err(first.error(Problem::SameReads))?;
        }
    }
    .boxed()
}

/// Detects pairs that are the same read twice, including the header: a file and its copy, or each record twice.
#[derive(Default)]
struct Twins {
    pairs: u64,
    others: bool,
}

impl Twins {
    /// The number of identical pairs that cannot be chance.
    const ENOUGH: u64 = 1000;

    /// Checks one more pair; returns whether all pairs were identical and are enough to tell.
    fn add(&mut self, r1: &Record, r2: &Record) -> bool {
        if self.others || self.pairs == Self::ENOUGH {
            return false;
        }
        self.pairs += 1;
        self.others = r1.as_fasta() != r2.as_fasta() || r1.quality_scores() != r2.quality_scores();
        !self.others && self.pairs == Self::ENOUGH
    }

    /// Whether all pairs were identical at the end of files with fewer pairs. A single pair proves nothing.
    fn are_all(&self) -> bool {
        !self.others && self.pairs > 1
    }
}

/// Pairs R1 and R2 that alternate in one file.
pub(in crate::reads) fn interleaved(mut records: Records, names: MateNames) -> Stream {
    try_stream! {
        let mut pair = 0;
        let mut twins = Twins::default();
        while let Some(r1) = records.next().await? {
            pair += 1;
            let Some(r2) = records.next().await? else {
                Err(records.error_at(&r1, Problem::Odd))?
            };
            if twins.add(&r1, &r2) {
                Err(records.error(Problem::SameReads))?;
            }
            let [r1, r2] = join(names, r1, r2).map_err(|unfit| records.error(alternating(pair, &unfit)))?;
            if let Some(template) = template([records.entry(r1)?, records.entry(r2)?], records.counts()) {
                yield template;
            }
        }
        if twins.are_all() {
            Err(records.error(Problem::SameReads))?;
        }
    }
    .boxed()
}

/// Splits each pair into two templates.
pub(in crate::reads) fn apart(pairs: Stream) -> Stream {
    pairs
        .flat_map(|pair| {
            let templates = match pair {
                Ok(pair) => pair.segments.into_iter().map(|read| Ok(alone(read))).collect(),
                Err(error) => vec![Err(error)],
            };
            futures::stream::iter(templates)
        })
        .boxed()
}

/// Makes a read a template of its own.
fn alone(read: Record) -> Template {
    Template { segments: smallvec![read], ..Template::default() }
}

/// What grouping by name depends on besides the records.
#[derive(Clone, Copy, Debug)]
pub(in crate::reads) struct Collated {
    /// The order of the records according to the header.
    pub(in crate::reads) order: Order,
    /// Whether mates must be adjacent, or only the records of one mate.
    pub(in crate::reads) grouping: Grouping,
}

/// Groups adjacent records of one name. A lone mate is an orphan; it is an error if the other mate turns up later.
pub(in crate::reads) fn collated(mut records: Records, Collated { order, grouping }: Collated) -> Stream {
    try_stream! {
        let mut orphans = Orphans::default();
        let mut group: Vec<Entry> = Vec::new();
        while let Some(entry) = records.next_entry().await? {
            if let (Order::Coordinate, Grouping::Templates, Some(read)) = (order, grouping, &entry.read)
                && read.mate != Mate::Unpaired
            {
                Err(records.error_at(read, Problem::CoordinateSorted))?;
            }
            if !belongs(&entry, &group) {
                check(&group, grouping, &mut orphans, &records)?;
                if let Some(template) = template(std::mem::take(&mut group), records.counts()) {
                    yield template;
                }
            }
            group.push(entry);
        }
        check(&group, grouping, &mut orphans, &records)?;
        if let Some(template) = template(group, records.counts()) {
            yield template;
        }
    }
    .boxed()
}

/// Makes a template of the entries that have bases or are kept as stored, if any.
pub(in crate::reads) fn template(entries: impl IntoIterator<Item = Entry>, counts: &InputCounts) -> Option<Template> {
    let mut template = gathered(entries, counts);
    for pair in template.segments.chunk_by_mut(|one, next| one.mate < next.mate) {
        if let [first, second] = pair
            && first.name() != second.name()
        {
            mate_names::share_name(first, second);
        }
    }
    (!template.segments.is_empty() || !template.alignments.is_empty()).then_some(template)
}

/// Gathers entries into a template, which may be empty. Names are left as they are.
fn gathered(entries: impl IntoIterator<Item = Entry>, counts: &InputCounts) -> Template {
    let mut template = Template::default();
    let (mut places, mut before) = (Places::new(), [0_usize; 3]);
    for Entry { read, stored } in entries {
        let mut segment = None;
        if let Some(read) = read {
            let number = read.mate.number();
            let alike = &mut before[usize::from(number)];
            *alike += 1;
            if read.bases().is_empty() {
                counts.without_bases.add(1);
            } else {
                segment = Some(template.segments.len());
                template.segments.push(read);
                places.push((*alike, number));
            }
        }
        template.alignments.extend(stored.map(|stored| stored.of_segment(segment)));
    }
    order_mates(&mut template, &places);
    template
}

/// For each read, how many reads of its name and mate have come so far, and which mate it is.
type Places = SmallVec<[(usize, u8); 2]>;

/// Puts R1 before R2, as `samtools fastq` and interleaved files have them, whatever their order in the file. If a name
/// recurs (in merged lanes), the first R1 is followed by the first R2, then come the second ones. The records kept as
/// stored stay in the file's order.
fn order_mates(template: &mut Template, places: &Places) {
    if places.is_sorted() {
        return;
    }
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by_key(|&segment| places[segment]);
    let mut segments: Vec<Option<Record>> = template.segments.drain(..).map(Some).collect();
    template.segments.extend(order.iter().filter_map(|&segment| segments[segment].take()));
    let mut place = vec![0; order.len()];
    order.into_iter().enumerate().for_each(|(new, old)| place[old] = new);
    for alignment in &mut template.alignments {
        alignment.segment = alignment.segment.map(|old| place[old]);
    }
}

/// Makes two records in lock step mates; the error says why they are not, and returns them.
fn join(names: MateNames, r1: Record, r2: Record) -> Result<[Record; 2], Box<(Unfit, [Record; 2])>> {
    match (mate_names::join(r1, r2), names) {
        (Err(unfit), MateNames::Trusted) => {
            let (_, [r1, r2]) = *unfit;
            Ok([r1.with_mate(Mate::First), r2.with_mate(Mate::Second)])
        }
        (joined, _) => joined,
    }
}

/// The problem of two records in two files that are not mates.
fn parallel(pair: u64, (unfit, [r1, r2]): &(Unfit, [Record; 2])) -> Problem {
    match unfit {
        Unfit::Names => differ(pair, Some(r1), Some(r2)),
        Unfit::Numbers => numbers(pair, r1, r2),
    }
}

/// The problem of two consecutive records in one file that are not mates.
fn alternating(pair: u64, (unfit, [r1, r2]): &(Unfit, [Record; 2])) -> Problem {
    let shown = |record: &Record| format!("{:?}", record.word());
    match unfit {
        Unfit::Names => Problem::Alternating { pair, first: shown(r1), second: shown(r2) },
        Unfit::Numbers => numbers(pair, r1, r2),
    }
}

fn numbers(pair: u64, r1: &Record, r2: &Record) -> Problem {
    let (first, second) = (shown_header(r1.header()), shown_header(r2.header()));
    if mate_names::join(r2.clone(), r1.clone()).is_ok() {
        return Problem::Swapped { pair, first, second };
    }
    Problem::Numbers { pair, first, second }
}

/// Whether a record continues a group. Only mates share a template: unpaired reads of one name are different reads.
/// Mates are adjacent, and their names may say which is which.
pub(in crate::reads) fn belongs(next: &Entry, group: &[Entry]) -> bool {
    let Some(first) = group.first() else { return true };
    let is_paired = |entry: &Entry| entry.mate() != Mate::Unpaired;
    let another_read = next.read.is_some() && group.iter().any(|entry| entry.read.is_some());
    let is_missing = || !group.iter().any(|entry| entry.read.is_some() && entry.mate() == next.mate());
    let is_named = group.iter().any(|entry| entry.name() == next.name());
    let has_name = is_named || is_missing() && group.iter().any(|entry| are_numbered_mates(entry, next));
    has_name && first.name() != UNNAMED && is_paired(first) == is_paired(next) && (is_paired(next) || !another_read)
}

/// Whether a record begins a template however the ones before it are grouped: for example with or without secondary
/// records.
pub(in crate::reads) fn is_apart(next: &Entry, before: &[Entry]) -> bool {
    next.read.is_some()
        && before.iter().all(|entry| entry.name() != next.name() || next.name() == UNNAMED)
        && before.iter().all(|entry| !are_numbered_mates(entry, next))
}

/// Whether two records belong to a first and a second mate, and have names that say so.
fn are_numbered_mates(one: &Entry, other: &Entry) -> bool {
    let names = match (one.mate(), other.mate()) {
        (Mate::First, Mate::Second) => [one, other],
        (Mate::Second, Mate::First) => [other, one],
        _ => return false,
    };
    mate_names::stem(names.map(Entry::whole_name)).is_some()
}

/// Checks that no record of a group is missing.
fn check(group: &[Entry], grouping: Grouping, orphans: &mut Orphans, records: &Records) -> Result<()> {
    for entry in group.iter().filter(|entry| entry.read.is_none()) {
        let leads =
            |other: &&Entry| other.read.is_some() && (grouping == Grouping::Templates || other.mate() == entry.mate());
        if !group.iter().any(|other| leads(&other)) {
            return Err(not_adjacent(records, Problem::NoPrimary, entry.name()));
        }
    }
    match grouping {
        Grouping::Templates => orphans.check(group, records),
        Grouping::Each => Ok(()),
    }
}

/// Counts the orphans in `group`.
pub(in crate::reads) fn count_orphans(group: &[Entry], counts: &InputCounts) {
    if let Some((_, count)) = lone_mates(group) {
        counts.orphans.add(count);
    }
}

/// The mates in `group` that lack the other mate: which mates they are, and how many.
fn lone_mates(group: &[Entry]) -> Option<(Mate, u64)> {
    let count = |mate| group.iter().filter(|entry| entry.read.is_some() && entry.mate() == mate).count() as u64;
    let (first, second) = (count(Mate::First), count(Mate::Second));
    let more = if first > second { Mate::First } else { Mate::Second };
    (first != second).then(|| (more, first.abs_diff(second)))
}

fn not_adjacent(records: &Records, problem: fn(String) -> Problem, name: &[u8]) -> Error {
    records.error(problem(shown_name(name)))
}

pub(in crate::reads) fn differ(pair: u64, first: Option<&Record>, second: Option<&Record>) -> Problem {
    let shown =
        |record: Option<&Record>| record.map_or("the end of the file".to_owned(), |r| format!("{:?}", r.word()));
    Problem::Mates { pair, first: shown(first), second: shown(second) }
}

/// Remembers orphans, to tell a missing mate from one that is elsewhere in the file.
///
/// Each slot keeps only the last hash that fell on it, so that memory stays bounded (8 MiB) however many orphans there
/// are. A file that is not collated separates so many mates that some are remembered long enough.
#[derive(Default)]
struct Orphans {
    slots: Vec<u64>,
}

impl Orphans {
    const SLOTS: usize = 1 << 20;

    /// Counts the orphans in `group`; it is an error if their mate was an orphan before.
    fn check(&mut self, group: &[Entry], records: &Records) -> Result<()> {
        let Some((alone, count)) = lone_mates(group) else { return Ok(()) };
        let missing = if alone == Mate::First { Mate::Second } else { Mate::First };
        let name = group[0].name();
        if name != UNNAMED {
            // Its mate has the same name, or one that differs in the mate's number.
            let names = [name, mate_names::shared(name, alone)];
            if names.iter().any(|name| self.has(name, missing)) {
                return Err(not_adjacent(records, Problem::NotAdjacent, name));
            }
            for name in names {
                self.insert(name, alone);
            }
        }
        records.counts().orphans.add(count);
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
