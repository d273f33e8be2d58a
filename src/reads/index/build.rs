//! Builds an index in one pass over all records and one over the blocks of BGZF.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::marks::Marks;
use super::{Cut, Index, Indexed, Spot, VERSION, blocks};
use crate::reads::error::{LayoutError, Result};
use crate::reads::formats::format::Format;
use crate::reads::formats::records::{Entry, Records};
use crate::reads::grouping::pairs;
use crate::reads::input::open::{self, Opened};
use crate::reads::input::settings::{Input, InputConfig};
use crate::reads::{Codec, Problem};

/// With how many entries before it a record's name is compared: more than any template has.
const COMPARED: usize = 256;

/// The start of a template: how many records come before it, and how many bytes of each file.
type Start = (u64, Vec<u64>);

/// Builds the index of one file, or of the two files of pairs.
///
/// # Errors
/// If a file cannot be read, or cannot be entered in the middle.
pub async fn build(files: &[PathBuf], workers: NonZero<usize>) -> Result<Index> {
    let mut indexed = Vec::new();
    let mut all = Vec::new();
    let mut is_bam = false;
    for path in files {
        let config = InputConfig::each_of(path.clone(), workers);
        let opened = Opened::lane(&Input::Single(path.clone()), &config, &Arc::default()).await?;
        let (codec, format, records) = opened.whole().await?;
        is_bam |= format == Some(Format::Bam);
        check(path, codec, format)?;
        let file = Indexed::of(path, codec == Codec::Bgzf).map_err(|failed| open::error(path, failed.into()))?;
        indexed.push(file);
        all.push(records);
    }
    let (templates, marks) = match &mut all[..] {
        [records] if is_bam => by_name(records).await?,
        [one] => in_step(one, None).await?,
        [first, second] if !is_bam => in_step(first, Some(second)).await?,
        _ => return Err(LayoutError::Ambiguous { files: files.len() }.into()),
    };
    let marks = marks.into_kept();
    let mut spots = Vec::new();
    for (n, (path, file)) in files.iter().zip(&indexed).enumerate() {
        let positions: Vec<u64> = marks.iter().map(|(_, (_, positions))| positions[n]).collect();
        spots.push(if file.bgzf {
            blocks::spots(path, &positions).map_err(|failed| open::error(path, failed.into()))?
        } else {
            positions.into_iter().map(|position| Spot(position, 0, position)).collect()
        });
    }
    let cut = |(n, (templates, (records, _))): (usize, (u64, Start))| {
        Cut(templates, records, spots.iter().map(|spots| spots[n]).collect())
    };
    let cuts = marks.into_iter().enumerate().map(cut).collect();
    Ok(Index { version: VERSION, templates, files: indexed, cuts })
}

/// Refuses files that cannot be entered in the middle.
fn check(path: &Path, codec: Codec, format: Option<Format>) -> Result<()> {
    let can_be_sought = matches!(codec, Codec::Plain | Codec::Bgzf)
        && matches!(format, None | Some(Format::Bam | Format::Fastq | Format::Fasta));
    if can_be_sought { Ok(()) } else { Err(open::error(path, Problem::NoCuts)) }
}

/// Marks templates if each record of a file is one, or each pair of records of two files.
async fn in_step(first: &mut Records, mut second: Option<&mut Records>) -> Result<(u64, Marks<Start>)> {
    let (mut marks, mut templates) = (Marks::default(), 0);
    loop {
        if marks.wants(templates) {
            let both = std::iter::once(&*first).chain(second.as_deref());
            if let Some(positions) = both.map(Records::position).collect() {
                marks.push(templates, (templates, positions));
            }
        }
        let one = first.next().await?;
        let other = match &mut second {
            Some(second) => Some(second.next().await?),
            None => None,
        };
        match (&one, &other) {
            (None, None | Some(None)) => return Ok((templates, marks)),
            (Some(_), None | Some(Some(_))) => templates += 1,
            (one, Some(other)) => {
                return Err(first.error(pairs::differ(templates + 1, one.as_ref(), other.as_ref())));
            }
        }
    }
}

/// Marks templates that are adjacent records of one name.
async fn by_name(records: &mut Records) -> Result<(u64, Marks<Start>)> {
    let (mut marks, mut templates) = (Marks::default(), 0);
    let mut before: Vec<Entry> = Vec::new();
    let mut group_starts = 0;
    marks.push(0, (0, records.position().into_iter().collect()));
    loop {
        let (start, ordinal) = (records.position(), records.ordinal());
        let Some(entry) = records.next_entry().await? else { break };
        if ordinal > 0 && !pairs::belongs(&entry, &before[group_starts..]) {
            templates += 1;
            group_starts = before.len();
            if pairs::is_apart(&entry, &before) {
                before.clear();
                group_starts = 0;
                if let Some(start) = start.filter(|_| marks.wants(templates)) {
                    marks.push(templates, (ordinal, vec![start]));
                }
            }
        }
        if before.len() == COMPARED {
            before.remove(0);
            group_starts = group_starts.saturating_sub(1);
        }
        before.push(entry);
    }
    Ok((templates + u64::from(!before.is_empty()), marks))
}
