//! `readseeker reads`: draws labelled reads from an annotated genome.

use std::num::NonZero;
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;

use super::runtime::unless_interrupted;
use super::threads;
use super::values::fraction;
use crate::error::{Error, Result};
use crate::genome::{Errors, Sequencer};
use crate::labelled::{DrawConfig, Drawn, Places, draw};
use crate::progress::{counted, grouped, say};
use crate::reads::output::{Existing, Placing};

/// The end of `--help`.
pub(super) const EXAMPLES: &str = "\
Examples:
  10,000 coding and 10,000 non-coding reads of 300 bases:
  readseeker reads --genome genome.fa.gz --annotation genome.gff3.gz -o reads.tsv.gz

  The same from a GenBank file:
  readseeker reads --genome genome.gbk -o reads.tsv.gz

  Shorter and fewer reads, others than before, named after the organism:
  readseeker reads --genome g.fa --annotation g.gtf -o reads.tsv --length 150 --count 2000 --seed 7 --group ecoli

  Reads as a nanopore would make them, as FASTQ with the truth in their names:
  readseeker reads --genome genome.gbk -o reads.fq.gz --anywhere --sequencer nanopore --length 3000 --count 1000

  Measure a model on them:
  readseeker evaluate reads.tsv.gz --model builtin";

/// Draw labelled reads from an annotated genome, as the published ReadSeeker was trained on
///
/// Coding reads lie wholly in coding sequences, non-coding reads wholly between them. Both strands are drawn from, each place
/// is as likely as another, and sampling is without replacement. Pseudogenes, and all letters but A, C, G and T, are in no read.
#[derive(Debug, ClapArgs)]
#[allow(clippy::doc_markdown, reason = "help is plain text")]
pub(super) struct Args {
    /// Sequences of the genome, compressed or not
    ///
    /// GenBank, EMBL and GFF3 with a ##FASTA section hold the annotation as well. A FASTA needs --annotation.
    #[arg(long, value_name = "FASTA|GenBank|EMBL|GFF3")]
    genome: PathBuf,

    /// Annotation of a FASTA, compressed or not
    ///
    /// Its sequences must have the names that they have in the FASTA. Those it does not mention are left out.
    #[arg(long, value_name = "GFF3|GTF")]
    annotation: Option<PathBuf>,

    /// Reads as a table, or as FASTQ if the file is called so; compressed as its suffix says; - is stdout
    ///
    /// Columns: sequence, label (1 is coding), coded_fraction, frame, group, origin. `readseeker evaluate` reads the table. In
    /// FASTQ, they are in the names.
    #[arg(short, long, value_name = "TSV|FASTQ[.gz|.zst|...]")]
    output: PathBuf,

    /// Draw from any place, also across the ends of genes, as a sequencer does
    #[arg(long)]
    anywhere: bool,

    /// With --anywhere: share of coding bases from which on a read is labelled coding
    #[arg(long, value_name = "F", default_value_t = 0.5, value_parser = fraction, requires = "anywhere")]
    coding_from: f64,

    /// Errors of a sequencer, in the reads
    #[arg(long, value_enum, default_value_t)]
    sequencer: Sequencer,

    /// Another rate of errors, from 0 to 1
    #[arg(long, value_name = "P", value_parser = fraction)]
    error_rate: Option<f64>,

    /// Bases per read
    #[arg(long, value_name = "N", default_value = "300")]
    length: NonZero<usize>,

    /// Reads of each class, at most; with --anywhere, all reads
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    count: u64,

    /// Seed: another seed draws other reads
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// Name of the reads' group [default: that of the genome's file]
    #[arg(long, value_name = "NAME")]
    group: Option<String>,

    /// Replace a table that exists
    #[arg(long)]
    force: bool,

    /// CPU threads [default: all this process may use]
    #[arg(short, long, value_name = "N", value_parser = threads::number, allow_negative_numbers = true)]
    threads: Option<NonZero<usize>>,

    /// Print only errors on stderr
    #[arg(short, long)]
    quiet: bool,
}

pub(super) fn run(args: Args) -> Result<()> {
    let threads = threads::or_all(args.threads);
    let Args { genome, annotation, output, length, count, seed, force, coding_from, .. } = args;
    if args.error_rate.is_some() && args.sequencer == Sequencer::Exact {
        return Err(Error::Usage("--error-rate needs --sequencer illumina, hifi or nanopore".to_owned()));
    }
    let errors = Errors::of(args.sequencer, args.error_rate, seed);
    let places = if args.anywhere { Places::Anywhere { coding_from } } else { Places::Whole };
    let group = args.group.unwrap_or_else(|| stem(&genome)).replace(['\t', '\n', '\r'], " ");
    let placing = Placing { existing: Existing::replaced(force), fsync: true };
    let config =
        DrawConfig { genome, annotation, output, places, errors, length, count, seed, group, threads, placing };
    let drawn = unless_interrupted(threads, draw(config))?;
    if !args.quiet {
        say_what_was_drawn(&drawn, places, count);
    }
    Ok(())
}

fn say_what_was_drawn(drawn: &Drawn, places: Places, count: u64) {
    let (coding, noncoding) = (grouped(drawn.coding), counted(drawn.noncoding, "non-coding read"));
    say(&format!("readseeker: {coding} coding and {noncoding}\n"));
    if drawn.unknown > 0 {
        let unknown = counted(drawn.unknown as u64, "sequence");
        say(&format!("readseeker: warning: no read was drawn of {unknown} that the annotation does not mention\n"));
    }
    let is_short = match places {
        Places::Whole => drawn.coding < count || drawn.noncoding < count,
        Places::Anywhere { .. } => drawn.coding + drawn.noncoding < count,
    };
    if is_short {
        say("readseeker: warning: the genome has no more different reads of this length\n");
    }
}

/// The name of a file without its suffixes.
fn stem(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    name.split('.').next().unwrap_or_default().to_owned()
}
