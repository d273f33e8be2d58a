//! `readseeker kmers`: writes reads for the original scripts.

use std::num::NonZero;
use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::hints::print_warning;
use super::inputs::Reads;
use super::runtime::unless_interrupted;
use super::threads;
use crate::dnabert::{Kmers, Label, kmers};
use crate::error::Result;
use crate::kmer::{self, Letters};
use crate::reads::output::{Existing, Placing};
use crate::reads::{Alignments, EncoderConfig, Grouping, InputConfig};

/// The end of `--help`.
pub(super) const EXAMPLES: &str = "\
Examples:
  Write the table that DNABERT's run_finetune.py --do_predict reads:
  readseeker kmers reads.fq.gz -o dev.tsv

  Reads that are known to be coding, for an evaluation:
  readseeker kmers coding.fq.gz --label 1 -o coding.tsv

  Score the table as the original does:
  readseeker score --dnabert dev.tsv --model ReadSeeker -o pred_results.npy";

/// Write reads as k-mers, in the table that DNABERT's scripts read
///
/// One line per read, in input order: its overlapping k-mers, a label, and its name. `readseeker score --dnabert` scores
/// such tables.
#[derive(Debug, ClapArgs)]
#[allow(clippy::doc_markdown, reason = "help is plain text")]
pub(super) struct Args {
    /// Table of k-mers, compressed as its suffix says; - is stdout
    ///
    /// Columns: sequence, label, name. DNABERT reads plain files only.
    #[arg(short, long, value_name = "TSV", help_heading = "Outputs")]
    output: PathBuf,

    /// Label of all reads: 1 is coding
    #[arg(long, value_enum, default_value_t, help_heading = "Outputs")]
    label: Label,

    /// k of the k-mers
    #[arg(short, value_name = "3-6", default_value = "6", value_parser = k, help_heading = "Outputs")]
    k: usize,

    /// Replace an output that exists
    #[arg(long, help_heading = "Outputs")]
    force: bool,

    #[command(flatten)]
    reads: Reads,

    /// FASTA with the reference sequences of a CRAM
    #[arg(long, value_name = "FASTA", help_heading = "Input", hide_short_help = true)]
    reference: Option<PathBuf>,

    /// Whether lower-case letters become bases, and U becomes T
    #[arg(long, value_enum, default_value_t, help_heading = "Input", hide_short_help = true)]
    letters: Letters,

    /// Stop after this many reads
    #[arg(long, value_name = "N", help_heading = "Input")]
    max_reads: Option<u64>,

    /// CPU threads [default: all this process may use]
    #[arg(short, long, value_name = "N", value_parser = threads::number, allow_negative_numbers = true, help_heading = "Run")]
    threads: Option<NonZero<usize>>,

    /// Print only errors on stderr
    #[arg(short, long, help_heading = "Run")]
    quiet: bool,
}

/// Parses `-k`.
fn k(text: &str) -> Result<usize, String> {
    let k = text.parse().ok().filter(|k| kmer::K.contains(k));
    k.ok_or_else(|| format!("expected a number from {} to {}", kmer::K.start(), kmer::K.end()))
}

pub(super) fn run(args: Args) -> Result<()> {
    let threads = threads::or_all(args.threads);
    let config = Kmers {
        input: InputConfig {
            part: None,
            inputs: args.reads.inputs()?,
            grouping: Grouping::Each,
            mate_names: args.reads.mate_names(),
            alignments: Alignments::Dropped,
            collate: None,
            reference: args.reference,
            read_ahead: 1 << 26,
            workers: threads,
        },
        output: args.output,
        k: args.k,
        label: args.label,
        letters: args.letters,
        max_reads: args.max_reads,
        encoding: EncoderConfig { workers: threads, level: None },
        placing: Placing { existing: Existing::replaced(args.force), fsync: true },
    };
    let warnings = unless_interrupted(threads, kmers(config))?;
    if !args.quiet {
        warnings.iter().for_each(print_warning);
    }
    Ok(())
}
