//! Labels aligned reads by the place they are aligned to.

use std::collections::HashMap;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_stream::try_stream;
use futures::{Stream, StreamExt};

use crate::error::{Error, Result};
use crate::genome::{Annotation, LabelRule, Labels};
use crate::labels::Read;
use crate::prediction::Strand;
use crate::reads::{
    self, Alignments, Count, Format, Grouping, InputConfig, InputCounts, Inputs, Lines, Mate, Placement,
};

/// The truth about aligned reads.
#[derive(Clone, Debug)]
pub struct Places {
    /// The coding ranges of the reference: GFF3, GTF or BED.
    pub truth: PathBuf,
    /// The rule that makes a read coding.
    pub rule: LabelRule,
    /// Ranges in which no read counts as non-coding, in the same formats: they may code although `truth` does not say
    /// so.
    pub unclear: Option<PathBuf>,
    /// The FASTA file with the reference sequences of a CRAM.
    pub reference: Option<PathBuf>,
}

/// Counts of the reads without a label by reason, updated while others are read.
#[derive(Debug, Default)]
pub(super) struct Unlabelled {
    /// The counts of the file's reader.
    pub(super) input: Arc<InputCounts>,
    unmapped: Count,
    /// Reads on sequences that the truth does not mention.
    elsewhere: Count,
    /// Reads across the end of a coding sequence, on a pseudogene, or where no read counts as non-coding.
    unclear: Count,
}

impl Unlabelled {
    /// The counts for all reasons that occur.
    pub(super) fn counts(&self) -> Vec<(&'static str, u64)> {
        let Self { input, unmapped, elsewhere, unclear } = self;
        let all = [
            ("unmapped", unmapped),
            ("secondary", &input.secondary),
            ("supplementary", &input.supplementary),
            ("without_bases", &input.without_bases),
            ("on_other_sequences", elsewhere),
            ("unclear", unclear),
        ];
        all.into_iter().map(|(why, count)| (why, count.get())).filter(|(_, count)| *count > 0).collect()
    }
}

/// Yields the primary alignments of a file that have a label, as reads.
pub(super) fn reads(
    input: PathBuf,
    places: Places,
    threads: NonZero<usize>,
    unlabelled: Arc<Unlabelled>,
) -> impl Stream<Item = Result<Read>> + Send {
    try_stream! {
        let Places { truth, rule, unclear, reference } = places;
        let config = InputConfig {
            inputs: Inputs::Files(vec![input.clone()]),
            grouping: Grouping::Each,
            alignments: Alignments::OfReads,
            reference,
            ..InputConfig::each_of(input.clone(), threads)
        };
        let mut records = reads::open(&config, Arc::clone(&unlabelled.input)).await?;
        is_aligned(&input, records.format)?;
        let mut annotations = ranges(&truth, threads).await?;
        let mut doubts = match unclear {
            Some(unclear) => ranges(&unclear, threads).await?,
            None => HashMap::new(),
        };
        let labels: Vec<Option<Labels>> = records
            .header
            .sequences()
            .map(|(name, length)| {
                let name = String::from_utf8_lossy(name);
                let on = |annotation: Annotation| {
                    annotation.on(length).map_err(|problem| Error::Genome(format!("{name}: {problem}")))
                };
                let doubtful = on(doubts.remove(&*name).unwrap_or_default())?;
                let annotation = annotations.remove(&*name).map(on).transpose()?;
                Ok(annotation.map(|annotation| Labels::of(length, annotation, doubtful)))
            })
            .collect::<Result<_>>()?;
        if !labels.is_empty() && labels.iter().all(Option::is_none) {
            let problem = format!("no sequence of {} is named in {}", input.display(), truth.display());
            Err(Error::Genome(problem))?;
        }
        while let Some(template) = records.stream.next().await {
            let template = template?;
            for (record, stored) in template.segments.iter().zip(&template.alignments) {
                let Some(placement) = stored.placement() else {
                    unlabelled.unmapped.add(1);
                    continue;
                };
                let Some(labels) = labels.get(placement.reference).and_then(Option::as_ref) else {
                    unlabelled.elsewhere.add(1);
                    continue;
                };
                match labels.label(&placement.blocks, rule) {
                    None => unlabelled.unclear.add(1),
                    Some(is_coding) => {
                        let frame = frame(labels, &placement, rule);
                        yield Read { name: name(record.name(), record.mate), bases: record.bases().to_vec(), is_coding, coded: None, frame, group: None };
                    }
                }
            }
        }
    }
}

async fn ranges(path: &Path, threads: NonZero<usize>) -> Result<HashMap<String, Annotation>> {
    Ok(Annotation::read_ranges(&mut Lines::open(path, threads, Arc::default()).await?).await?)
}

fn is_aligned(input: &Path, format: Option<Format>) -> Result<()> {
    match format {
        Some(format @ (Format::Fastq | Format::Fasta)) => {
            Err(Error::NotAligned { input: input.to_owned(), format: format.name() })
        }
        _ => Ok(()),
    }
}

/// The frame of a read, if each of its bases has a position.
fn frame(labels: &Labels, placement: &Placement, rule: LabelRule) -> Option<crate::prediction::Frame> {
    let [window] = &placement.blocks[..] else { return None };
    let strand = if placement.is_reverse { Strand::Minus } else { Strand::Plus };
    placement.is_gapless.then(|| labels.frame(window, strand, rule)).flatten()
}

/// Names a read as `samtools fastq` does in a single file.
fn name(name: &[u8], mate: Mate) -> String {
    let name = String::from_utf8_lossy(name);
    match mate {
        Mate::Unpaired => name.into_owned(),
        Mate::First => format!("{name}/1"),
        Mate::Second => format!("{name}/2"),
    }
}
