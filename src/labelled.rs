//! Draws labelled reads from an annotated genome, in the format that models are trained and evaluated on.

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

/// The genome, and which reads to draw from it.
#[derive(Debug)]
pub struct DrawConfig {
    /// The genome in FASTA; without a separate annotation, in GenBank, EMBL, or GFF3 with sequences.
    pub genome: PathBuf,
    /// The annotation in GFF3 or GTF, if it is a separate file.
    pub annotation: Option<PathBuf>,
    /// The output: a table of reads, or FASTQ if its suffix says so.
    pub output: PathBuf,
    /// The places that reads are drawn from.
    pub places: Places,
    /// The errors of the sequencer.
    pub errors: Errors,
    /// The length of the reads in bases.
    pub length: NonZero<usize>,
    /// The number of reads: of each class, or in total if they are drawn from anywhere.
    pub count: u64,
    /// The seed that determines which reads are drawn.
    pub seed: u64,
    /// The name of the reads' group.
    pub group: String,
    /// The number of CPU threads.
    pub threads: NonZero<usize>,
    /// How the output is put in place.
    pub placing: Placing,
}

/// The places that reads are drawn from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Places {
    /// Within genes, and within the gaps between them.
    Whole,
    /// Anywhere, also across the ends of genes.
    Anywhere {
        /// The least share of coding bases in a coding read.
        coding_from: f64,
    },
}

/// Counts of what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// The number of coding reads.
    pub coding: u64,
    /// The number of non-coding reads.
    pub noncoding: u64,
    /// The number of sequences without annotation, from which no read was drawn.
    pub unknown: usize,
}

/// Draws the reads and writes them.
///
/// # Errors
/// If a file cannot be read, the annotation does not fit the genome, or the output cannot be written; then it does not
/// exist.
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

/// The annotated sequences, and how many others there are.
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
