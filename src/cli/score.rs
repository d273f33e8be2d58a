//! `readseeker score`: writes just the scores table, or the probabilities of a table of k-mers.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::common::{Common, Own};
use super::runtime::{self, unless_interrupted};
use crate::config::Config;
use crate::dnabert;
use crate::error::Result;
use crate::outputs::OutputsConfig;
use crate::verdict::{self, VerdictConfig};

/// Flags that are meaningless for a table of k-mers.
const NOT_OF_KMERS: [&str; 22] = [
    "files",
    "paired",
    "interleaved",
    "single",
    "trust_order",
    "reference",
    "min_length",
    "letters",
    "max_reads",
    "shard",
    "index",
    "sample",
    "prior",
    "threshold",
    "windows",
    "windows_out",
    "compression_level",
    "json",
    "html",
    "multiqc",
    "memory",
    "progress",
];

/// Score reads without splitting them: one line per read, in input order
#[derive(Debug, ClapArgs)]
#[allow(clippy::doc_markdown, reason = "help is plain text")]
pub(super) struct Args {
    /// Table of scores, compressed according to its suffix; - is stdout
    ///
    /// Columns: name, mate, length, probability, posterior, label, frame, output (NA), coding_bases, start, end; with --windows
    /// also windows, mean, max, fraction.
    /// A path that ends in .csv gets commas for tabs, and one that ends in .parquet is a Parquet file.
    #[arg(short, long, value_name = "TSV[.gz|.zst|...]", help_heading = "Outputs")]
    output: PathBuf,

    /// Score a table of k-mers, as DNABERT's run_finetune.py --do_predict does
    ///
    /// The table is DNABERT's dev.tsv: a header line, then k-mers joined by blanks, a tab and a label. The output is what
    /// DNABERT calls pred_results.npy: the probability of each line as a 32-bit float, for NumPy.
    #[arg(long, value_name = "dev.tsv", conflicts_with_all = NOT_OF_KMERS, group = "listed", help_heading = "Input")]
    dnabert: Option<PathBuf>,

    // Last, so that help starts with the outputs.
    #[command(flatten)]
    common: Common,
}

impl Args {
    fn into_config(self, command: Vec<String>) -> Result<Config> {
        // Each read has its own line and label, so the rule for mates does not matter.
        let verdict = VerdictConfig { threshold: self.common.threshold, band: None, mates: verdict::Mates::Each };
        let outputs = OutputsConfig { tables: self.common.tables(Some(self.output)), ..OutputsConfig::default() };
        self.common.into_config(Own { verdict, outputs, collate: None, set: None, audit: None, command })
    }
}

pub(super) fn run(args: Args, command: Vec<String>) -> Result<()> {
    let Some(input) = args.dnabert else { return args.into_config(command).and_then(runtime::run) };
    let (model, placing) = (args.common.model_options(), args.common.placing());
    let threads = model.threads;
    unless_interrupted(threads, dnabert::score(dnabert::Score { input, output: args.output, model, placing }))
}
