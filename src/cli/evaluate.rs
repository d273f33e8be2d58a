//! `readseeker evaluate`: measures how good models are on labelled reads.

use std::collections::HashSet;
use std::num::NonZero;
use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::model_flags::RunningFlags;
use super::print::print;
use super::runtime::unless_interrupted;
use super::threads;
use super::values::{fraction, probability, share};
use crate::error::{Error, Result};
use crate::evaluate::{CallsFile, EvaluateConfig, Model, Places, evaluate};
use crate::genome::LabelRule;
use crate::kmer::Letters;
use crate::metrics::Wanted;
use crate::progress::say;
use crate::reads::output::{Existing, Placing};
use crate::report::Evaluation;

/// The end of `--help`.
pub(super) const EXAMPLES: &str = "\
Examples:
  Measure the built-in model on labelled reads:
  readseeker evaluate test.tsv.gz

  Measure a checkpoint, with a page that has its curves:
  readseeker evaluate test.tsv.gz --model ReadSeeker --html evaluation.html

  Compare models on the same reads:
  readseeker evaluate test.tsv.gz --model builtin --model compact --model mymodel/ --html evaluation.html

  The threshold that finds 95 % of the coding reads, and its precision in a sample of which a tenth is coding:
  readseeker evaluate test.tsv.gz --min-recall 0.95 --share 0.1

  Compare with genes that other programs found on the same reads:
  readseeker evaluate test.tsv.gz --calls pyrodigal=pyrodigal.gff --calls FragGeneScanRs=fgs.gff

  Measure on mapped reads of an annotated genome:
  readseeker evaluate aligned.bam --truth genes.gff3

  Measure a table of DNABERT's, and keep all numbers:
  readseeker evaluate dev.tsv --model bert --json evaluation.json";

/// Measure how good models are on labelled reads
///
/// Prints a table: all reads, then each group, each range of lengths and each range of GC contents. Accuracy, precision,
/// recall, F1 and MCC are at the threshold; ROC-AUC, PR-AUC, Brier score and calibration error are of the probabilities.
/// Several models score the same reads, and each has a line. NA stands for a measure that has no meaning there.
/// Probabilities are taken as they are (--prior 0.5). `split` estimates the share of coding reads first, so its calls differ.
#[derive(Debug, ClapArgs)]
#[allow(clippy::doc_markdown, reason = "help is plain text")]
pub(super) struct Args {
    /// Labelled reads as a table or FASTQ, compressed or not, or aligned reads with --truth; - is stdin
    ///
    /// A table has a header line, then one line per read. The first column is its sequence, or its overlapping k-mers joined by
    /// blanks as in DNABERT's dev.tsv. The second is its label: 1 or coding, 0 or noncoding. Columns named name, group and frame
    /// (1 2 3 -1 -2 -3) are used where they exist. FASTQ and FASTA need the truth in the names, as readseeker reads writes it.
    #[arg(value_name = "TSV|FASTQ|BAM")]
    input: PathBuf,

    /// Label aligned reads (BAM, SAM, CRAM) by these coding ranges of the reference
    ///
    /// Primary alignments that lie wholly in coding sequences are coding, those wholly outside are not. Others are left out and
    /// counted. The CDS lines of GFF3 or GTF count, and all lines of BED.
    #[arg(long, value_name = "GFF3|GTF|BED")]
    truth: Option<PathBuf>,

    /// With --truth: label all reads, by the share of coding positions from which on they are coding
    #[arg(long, value_name = "F", value_parser = fraction, requires = "truth")]
    coding_from: Option<f64>,

    /// With --truth: ranges in which no read counts as non-coding
    ///
    /// Such as what is similar to proteins, though not annotated. Reads there that are not wholly in coding sequences are left out.
    #[arg(long, value_name = "GFF3|GTF|BED", requires = "truth")]
    unclear: Option<PathBuf>,

    /// With --truth: FASTA that a CRAM was made with
    #[arg(long, value_name = "FASTA", requires = "truth")]
    reference: Option<PathBuf>,

    /// Model: builtin, compact, a directory or a name; may be repeated
    ///
    /// A directory holds config.json, the weights and, for a BERT, vocab.txt. A name is one that `readseeker model list` shows.
    #[arg(long, value_name = "MODEL", default_value = "builtin", help_heading = "Model")]
    model: Vec<PathBuf>,

    #[command(flatten)]
    running: RunningFlags,

    /// Genes that another program found on the same reads, as GFF; may be repeated
    ///
    /// FragGeneScanRs, Prodigal and pyrodigal write such files. Each gets a line beside the models. The sequences of the GFF are
    /// the reads: named as in the column name, else read1, read2, ... in order. A read is called coding if half or more of its
    /// bases are in genes. If all genes have scores, the best of a read orders it for ROC-AUC and PR-AUC, else that share does.
    #[arg(long, value_name = "NAME=GFF", value_parser = calls)]
    calls: Vec<CallsFile>,

    /// Evaluation as JSON: all measures, the curves and the model
    #[arg(long, value_name = "PATH")]
    json: Option<PathBuf>,

    /// Evaluation as a page, with curves of ROC, precision and reliability
    #[arg(long, value_name = "PATH")]
    html: Option<PathBuf>,

    /// Probability at or above which a read is called coding
    #[arg(long, value_name = "P", default_value = "0.5", value_parser = probability)]
    threshold: f32,

    /// Find the threshold with at least this recall, and what else it gives
    ///
    /// A line of its own in the table. Of several such thresholds it is the highest.
    #[arg(long, value_name = "R", value_parser = fraction)]
    min_recall: Option<f64>,

    /// Find the threshold with at least this precision, and what else it gives
    ///
    /// A line of its own in the table. Of several such thresholds it is the lowest. NA if there is none.
    #[arg(long, value_name = "P", value_parser = fraction)]
    min_precision: Option<f64>,

    /// For --min-recall and --min-precision: share of coding reads in the sample [default: that of these reads]
    ///
    /// Precision, F1, MCC and accuracy of those lines are what a sample with this share would have.
    #[arg(long, value_name = "S", value_parser = share)]
    share: Option<f64>,

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

    /// Print only errors on stderr
    #[arg(short, long)]
    quiet: bool,
}

pub(super) fn run(args: Args, command: Vec<String>) -> Result<()> {
    let threads = threads::or_all(args.threads);
    let existing = Existing::replaced(args.force);
    let wanted: Vec<Wanted> =
        args.min_recall.map(Wanted::Recall).into_iter().chain(args.min_precision.map(Wanted::Precision)).collect();
    if args.share.is_some() && wanted.is_empty() {
        return Err(Error::Usage("--share needs --min-recall or --min-precision".to_owned()));
    }
    let models = args.model.into_iter().map(|model| {
        let name = model.display().to_string().replace(char::is_control, " ");
        Model { name, options: args.running.options(model, threads) }
    });
    let models: Vec<Model> = models.collect();
    check_names(models.iter().map(|model| &model.name).chain(args.calls.iter().map(|calls| &calls.name)))?;
    let rule = args.coding_from.map_or(LabelRule::Whole, LabelRule::Share);
    let places = args.truth.map(|truth| Places { truth, rule, unclear: args.unclear, reference: args.reference });
    let config = EvaluateConfig {
        input: args.input,
        places,
        models,
        calls: args.calls,
        threshold: args.threshold,
        wanted,
        share: args.share,
        min_length: args.min_length,
        letters: args.letters,
        json: args.json,
        html: args.html,
        placing: Placing { existing, fsync: true },
        command,
    };
    let evaluation = unless_interrupted(threads, evaluate(config))?;
    if !args.quiet {
        say_what_is_missing(&evaluation);
    }
    print(&evaluation.table())
}

fn say_what_is_missing(evaluation: &Evaluation) {
    if let Some(left_out) = evaluation.left_out() {
        say(&format!("readseeker: left out: {left_out}\n"));
    }
    for warning in evaluation.warnings() {
        say(&format!("readseeker: warning: {warning}\n"));
    }
}

/// Parses `NAME=GFF`.
fn calls(text: &str) -> Result<CallsFile, String> {
    match text.split_once('=') {
        Some((name, path)) if !name.is_empty() && !path.is_empty() => {
            Ok(CallsFile { name: name.replace(char::is_control, " "), path: path.into() })
        }
        _ => Err("expected NAME=GFF: what to call the program, and its file".to_owned()),
    }
}

/// Refuses two predictors with the same name: nobody could tell them apart.
fn check_names<'a>(names: impl Iterator<Item = &'a String>) -> Result<()> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(Error::Usage(format!("{name} is given twice")));
        }
    }
    Ok(())
}
