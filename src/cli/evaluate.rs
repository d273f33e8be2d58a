//! `readseeker evaluate`: how good a model is on labelled reads.

use std::num::NonZero;
use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::model_flags::ModelFlags;
use super::print::print;
use super::runtime::unless_interrupted;
use super::threads;
use super::values::probability;
use crate::error::Result;
use crate::evaluate::{self, evaluate};
use crate::kmer::Letters;
use crate::reads::output::{Existing, Placing};

/// What `--help` ends with.
pub(super) const EXAMPLES: &str = "\
Examples:
  Measure the built-in model on labelled reads:
  readseeker evaluate test.tsv.gz

  Measure a checkpoint, with a page that has its curves:
  readseeker evaluate test.tsv.gz --model ReadSeeker --html evaluation.html

  Measure a table of DNABERT's, and keep all numbers:
  readseeker evaluate dev.tsv --model bert --json evaluation.json";

/// Measure how good a model is on labelled reads
///
/// Prints a table: all reads, then each group and each range of lengths. Accuracy, precision, recall, F1 and MCC are at the
/// threshold; ROC-AUC, PR-AUC, Brier score and calibration error are of the probabilities. NA stands for a measure that has
/// no meaning there.
#[derive(Debug, ClapArgs)]
#[allow(clippy::doc_markdown, reason = "help is plain text")]
pub(super) struct Args {
    /// Labelled reads, compressed or not; - is stdin
    ///
    /// A header line, then one line per read. The first column is its sequence, or its overlapping k-mers joined by blanks as
    /// in DNABERT's dev.tsv. The second is its label: 1 or coding, 0 or noncoding. Columns named group and frame (1 2 3 -1 -2
    /// -3) are used where they exist.
    #[arg(value_name = "TSV")]
    input: PathBuf,

    #[command(flatten)]
    model: ModelFlags,

    /// Evaluation as JSON: all measures, the curves and the model
    #[arg(long, value_name = "PATH")]
    json: Option<PathBuf>,

    /// Evaluation as a page, with ROC curve and reliability plot
    #[arg(long, value_name = "PATH")]
    html: Option<PathBuf>,

    /// Probability at or above which a read is called coding
    #[arg(long, value_name = "P", default_value = "0.5", value_parser = probability)]
    threshold: f32,

    /// Leave out reads with fewer known bases (N is not known)
    #[arg(long, value_name = "N", default_value_t = 60)]
    min_length: usize,

    /// Letters that count as bases
    #[arg(long, value_enum, default_value_t, hide_short_help = true)]
    letters: Letters,

    /// Replace reports that exist
    #[arg(long)]
    force: bool,

    /// CPU threads [default: all this process may use]
    #[arg(short, long, value_name = "N", value_parser = threads::number, allow_negative_numbers = true)]
    threads: Option<NonZero<usize>>,
}

pub(super) fn run(args: Args, command: Vec<String>) -> Result<()> {
    let threads = threads::or_all(args.threads);
    let existing = Existing::replaced(args.force);
    let config = evaluate::Config {
        input: args.input,
        model: args.model.options(threads),
        threshold: args.threshold,
        min_length: args.min_length,
        letters: args.letters,
        json: args.json,
        html: args.html,
        placing: Placing { existing, fsync: true },
        command,
    };
    print(&unless_interrupted(threads, evaluate(config))?.table())
}
