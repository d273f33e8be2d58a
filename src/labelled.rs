//! Labelled reads from an annotated genome: the table that models are evaluated on, and trained.

use std::collections::HashMap;
use std::io::Write;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;

use futures::StreamExt;

use crate::blocking::blocking;
use crate::config::check_places;
use crate::error::{Error, Result};
use crate::genome::{Annotation, Cut, Sequence, Windows};
use crate::prediction::{Frame, Strand};
use crate::reads::output::{self, Placing, commit_all};
use crate::reads::{self, EncoderConfig, InputConfig, Lines, reverse_complement};

const HEADER: &str = "sequence\tlabel\tcoded_fraction\tframe\tgroup\torigin\n";

/// Which genome, and which reads of it.
#[derive(Debug)]
pub struct Config {
    /// FASTA.
    pub genome: PathBuf,
    /// GFF3 or GTF.
    pub annotation: PathBuf,
    /// The table of reads.
    pub output: PathBuf,
    /// Bases of a read.
    pub length: NonZero<usize>,
    /// Reads of each class.
    pub count: u64,
    /// Which reads are drawn.
    pub seed: u64,
    /// What the reads' group is called.
    pub group: String,
    /// CPU threads.
    pub threads: NonZero<usize>,
    /// How the table is put in place.
    pub placing: Placing,
}

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// Coding reads.
    pub coding: u64,
    /// The others.
    pub noncoding: u64,
    /// Sequences that the annotation does not mention, of which no read was drawn.
    pub unknown: usize,
}

/// Draws the reads and writes their table.
///
/// # Errors
/// For files that cannot be read, an annotation of another genome, and a table that cannot be written; then it does not exist.
pub async fn draw(config: Config) -> Result<Drawn> {
    let Config { genome, annotation, output, length, count, seed, group, threads, placing } = config;
    check_places([output.clone()].into_iter(), [genome.clone(), annotation.clone()].into_iter(), placing.existing)?;
    let mut lines = Lines::open(&annotation, threads, Arc::default()).await?;
    let annotations = Annotation::read(&mut lines).await?;
    let (sequences, unknown) = sequences(genome.clone(), annotations, threads).await?;
    if sequences.is_empty() {
        let problem = format!("no sequence of {} is named in {}", genome.display(), annotation.display());
        return Err(Error::Genome(problem));
    }
    let (cuts, sequences) = blocking(move || {
        let windows = Windows::of(&sequences, length.get());
        (windows.draw(&sequences, count, seed), sequences)
    })
    .await;
    let (mut table, pending) = output::create(&output, EncoderConfig { workers: threads, level: None }).await?;
    table.write(HEADER.as_bytes()).await?;
    let mut text = Vec::new();
    for cuts in cuts.chunks(4096) {
        text.clear();
        for cut in cuts {
            push(cut, &sequences[cut.sequence], &group, &mut text);
        }
        table.write(&text).await?;
    }
    table.finish().await?;
    blocking(move || commit_all(vec![pending], placing)).await?;
    let coding = cuts.iter().filter(|cut| cut.is_coding).count() as u64;
    Ok(Drawn { coding, noncoding: cuts.len() as u64 - coding, unknown })
}

/// The sequences that the annotation names, and how many others there are.
async fn sequences(
    genome: PathBuf,
    mut annotations: HashMap<String, Annotation>,
    threads: NonZero<usize>,
) -> Result<(Vec<Sequence>, usize)> {
    let input = InputConfig::each_of(genome, threads);
    let mut records = reads::open(&input, Arc::default()).await?.stream;
    let (mut sequences, mut unknown) = (Vec::new(), 0);
    while let Some(template) = records.next().await {
        for record in &template?.segments {
            let name = record.header().split(u8::is_ascii_whitespace).next().unwrap_or_default();
            let name = String::from_utf8_lossy(name).into_owned();
            match annotations.remove(&name) {
                None => unknown += 1,
                Some(annotation) => {
                    sequences.push(Sequence { name, bases: record.bases().to_ascii_uppercase(), annotation });
                }
            }
        }
    }
    Ok((sequences, unknown))
}

/// Appends the line of a read.
fn push(cut: &Cut, sequence: &Sequence, group: &str, text: &mut Vec<u8>) {
    let bases = &sequence.bases[cut.range.clone()];
    let strand = match cut.strand {
        Strand::Plus => {
            text.extend_from_slice(bases);
            '+'
        }
        Strand::Minus => {
            let mut turned = bases.to_vec();
            reverse_complement(&mut turned);
            text.extend_from_slice(&turned);
            '-'
        }
    };
    let frame = cut.frame.map_or_else(|| ".".to_owned(), |frame: Frame| frame.to_string());
    let (label, name, range) = (u8::from(cut.is_coding), &sequence.name, &cut.range);
    let written =
        writeln!(text, "\t{label}\t{label}.000\t{frame}\t{group}\t{name}:{}-{}:{strand}", range.start + 1, range.end);
    written.expect("writing to a vector cannot fail");
}
