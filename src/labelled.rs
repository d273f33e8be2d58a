//! Labelled reads from an annotated genome: the table that models are evaluated on, and trained.

mod writer;

use std::collections::HashMap;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;

use futures::StreamExt;

use crate::blocking::{blocking, to_the_end};
use crate::config::{check_contents, check_places};
use crate::error::{Error, Result};
use crate::genome::{Annotation, Anywhere, Errors, Sequence, Windows};
use crate::reads::output::{self, Content, Placing, commit_all};
use crate::reads::{self, EncoderConfig, InputConfig, Lines};
use writer::ReadWriter;

/// Which genome, and which reads of it.
#[derive(Debug)]
pub struct DrawConfig {
    /// FASTA; without an annotation, GenBank, EMBL, or GFF3 with sequences.
    pub genome: PathBuf,
    /// GFF3 or GTF, if it is a file of its own.
    pub annotation: Option<PathBuf>,
    /// The table of reads, or FASTQ if its suffix says so.
    pub output: PathBuf,
    /// From where they are drawn.
    pub places: Places,
    /// What the sequencer does to them.
    pub errors: Errors,
    /// Bases of a read.
    pub length: NonZero<usize>,
    /// How many: of each class, or of all that are drawn from anywhere.
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

/// From where reads are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Places {
    /// From inside genes and from between them.
    Whole,
    /// From anywhere, also across the ends of genes.
    Anywhere {
        /// The share of coding bases from which on a read is coding.
        coding_from: f64,
    },
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
pub async fn draw(config: DrawConfig) -> Result<Drawn> {
    let DrawConfig { genome, annotation, output, places, errors, length, count, seed, group, threads, placing } =
        config;
    check_contents([(output.clone(), Content::Labelled)])?;
    check_places(
        [output.clone()].into_iter(),
        [genome.clone()].into_iter().chain(annotation.clone()),
        placing.existing,
    )?;
    let (sequences, unknown) = match &annotation {
        None => Sequence::read_all(&mut Lines::open(&genome, threads, Arc::default()).await?).await?,
        Some(annotation) => {
            let mut lines = Lines::open(annotation, threads, Arc::default()).await?;
            let annotations = Annotation::read(&mut lines).await?;
            sequences(genome.clone(), annotations, threads).await?
        }
    };
    if sequences.is_empty() {
        let annotation = annotation.as_ref().unwrap_or(&genome);
        let problem = format!("no sequence of {} is named in {}", genome.display(), annotation.display());
        return Err(Error::Genome(problem));
    }
    let (cuts, sequences) = blocking(move || {
        let cuts = match places {
            Places::Whole => Windows::of(&sequences, length.get()).draw(&sequences, count, seed),
            Places::Anywhere { .. } => Anywhere::of(&sequences, length.get()).draw(&sequences, count, seed),
        };
        (cuts, sequences)
    })
    .await;
    let (mut table, pending) = output::create(&output, EncoderConfig { workers: threads, level: None }).await?;
    let coding_from = match places {
        Places::Whole => 1.0,
        Places::Anywhere { coding_from } => coding_from,
    };
    let mut writer = ReadWriter::of(&output, group, errors, coding_from);
    table.write(writer.start().as_bytes()).await?;
    let (mut text, mut coding) = (Vec::new(), 0);
    for cuts in cuts.chunks(4096) {
        text.clear();
        for cut in cuts {
            coding += u64::from(writer.push(cut, &sequences[cut.sequence], &mut text));
        }
        table.write(&text).await?;
    }
    table.finish().await?;
    to_the_end(move || commit_all(vec![pending], placing)).await?;
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
            let name = Sequence::name_of(record.header());
            match annotations.remove(&name) {
                None => unknown += 1,
                Some(annotation) => {
                    let bases = record.bases().to_ascii_uppercase();
                    sequences.push(Sequence::annotated(name, bases, annotation).map_err(Error::Genome)?);
                }
            }
        }
    }
    Ok((sequences, unknown))
}
