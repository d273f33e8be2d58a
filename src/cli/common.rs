//! Flags `split` and `score` share: what to read, which model, how much of the machine.

use std::num::NonZero;
use std::path::PathBuf;

use clap::Args;

use super::inputs::Reads;
use super::long_reads::LongReads;
use super::model_flags::ModelFlags;
use super::report_file;
use super::threads;
use super::values::{PriorAsked, fraction, prior, probability, size};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::kmer::Letters;
use crate::model::{self, Card};
use crate::outputs::{self, OutputsConfig, Table};
use crate::prior::{Basis, Prior, Setting};
use crate::progress::Display;
use crate::reads::output::{Existing, Placing};
use crate::reads::{Codec, Collate, Grouping, InputConfig};
use crate::report::{self, multiqc};
use crate::sample::Sample;
use crate::shard::Shard;
use crate::verdict::{self, VerdictConfig};

/// What to read, which model, how much of the machine.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, clippy::doc_markdown, reason = "flags as typed; help is plain text")]
pub(super) struct Common {
    #[command(flatten)]
    reads: Reads,

    /// FASTA with the reference sequences of a CRAM
    ///
    /// REF_PATH and REF_CACHE are not used. A compressed FASTA needs the indexes that `samtools faidx` writes.
    #[arg(long, value_name = "FASTA", help_heading = "Input", hide_short_help = true)]
    reference: Option<PathBuf>,

    /// Do not score reads with fewer known bases than this (N does not count)
    #[arg(long, value_name = "N", default_value_t = 60, help_heading = "Input", hide_short_help = true)]
    min_length: usize,

    /// Letters that count as bases
    #[arg(long, value_enum, default_value_t, help_heading = "Input", hide_short_help = true)]
    letters: Letters,

    /// Stop after this many reads: a quick look at the start of a large input
    #[arg(long, value_name = "N", help_heading = "Input")]
    max_reads: Option<u64>,

    /// Take the Ith of N contiguous parts of the templates, so that N jobs can share an input
    ///
    /// The outputs of all N, concatenated, are those of a single run, but for the header lines of tables and GFF3. The input
    /// must be files, because it is read an extra time to count its templates, unless there is an --index.
    #[arg(long, value_name = "I/N", conflicts_with = "max_reads", help_heading = "Input", hide_short_help = true)]
    shard: Option<Shard>,

    /// Index of the input, made by `readseeker index`: each shard then reads its own part alone
    ///
    /// Give it to all shards or to none, because the parts differ.
    #[arg(
        long,
        value_name = "INDEX",
        requires = "shard",
        conflicts_with = "interleaved",
        help_heading = "Input",
        hide_short_help = true
    )]
    index: Option<PathBuf>,

    /// Take this share of the templates, chosen by a hash of their names
    ///
    /// The same templates are taken from any file, in any order.
    #[arg(long, value_name = "FRACTION", value_parser = fraction, help_heading = "Input")]
    sample: Option<f64>,

    /// Seed of --sample; another seed takes other templates
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        requires = "sample",
        help_heading = "Input",
        hide_short_help = true
    )]
    seed: u64,

    /// Share of coding reads to assume; the posterior is the probability given it
    ///
    /// auto estimates it from the first 20,000 templates, or from as many as fit into a quarter of --memory. With fewer than
    /// 500 scored reads, of which a long one counts as one for every 300 bases, or fewer than 50 reads, it is 0.5. JSON is
    /// the report of an earlier run (its --json, named *.json): assume what that run did, for reads that belong together.
    /// Cannot be combined with --windows.
    /// [default: auto for the built-in model and those of its kind, 0.5 for a BERT]
    #[arg(long, value_name = "auto|P|JSON", value_parser = prior, conflicts_with = "windows", help_heading = "Classification")]
    prior: Option<PriorAsked>,

    /// Posterior at or above which a read is coding
    #[arg(long, value_name = "P", default_value = "0.5", value_parser = probability, help_heading = "Classification")]
    pub(super) threshold: f32,

    #[command(flatten)]
    pub(super) long_reads: LongReads,

    #[command(flatten)]
    model: ModelFlags,

    /// Score nothing, to measure what the rest of a run costs
    #[arg(long, hide = true, conflicts_with = "model")]
    no_model: bool,

    #[arg(
        long,
        value_name = "N",
        help = "Compression level of all compressed outputs",
        long_help = compression_help(),
        help_heading = "Outputs",
        hide_short_help = true
    )]
    compression_level: Option<u8>,

    /// Report of the run as JSON
    #[arg(long, value_name = "PATH", help_heading = "Outputs")]
    json: Option<PathBuf>,

    /// Report of the run as an HTML page
    ///
    /// Shows reads by class, probabilities, frames, and what other thresholds would give.
    #[arg(long, value_name = "PATH", help_heading = "Outputs")]
    html: Option<PathBuf>,

    /// Reads by class for MultiQC; the file is named after the sample
    ///
    /// Probabilities and general statistics go to SAMPLE.probabilities_mqc.json and SAMPLE.statistics_mqc.json beside it.
    #[arg(long, value_name = "SAMPLE_mqc.json", help_heading = "Outputs", hide_short_help = true)]
    multiqc: Option<multiqc::File>,

    /// Replace outputs that exist
    #[arg(long, help_heading = "Outputs")]
    force: bool,

    /// Do not wait until the outputs are on disk
    ///
    /// If power fails within a minute of the run, files may then be empty.
    #[arg(long, help_heading = "Outputs", hide_short_help = true)]
    no_fsync: bool,

    /// CPU threads [default: all CPUs that this process may use]
    #[arg(short, long, value_name = "N", value_parser = threads::number, allow_negative_numbers = true, help_heading = "Run")]
    threads: Option<NonZero<usize>>,

    /// Memory for reads in flight; takes a suffix K, M or G
    #[arg(long, value_name = "SIZE", default_value = "256M", value_parser = size, help_heading = "Run")]
    memory: u64,

    /// Progress on stderr
    #[arg(long, value_enum, default_value_t, help_heading = "Run", hide_short_help = true)]
    progress: Display,

    /// Print only errors on stderr
    #[arg(short, long, help_heading = "Run")]
    quiet: bool,

    /// Print the model and device on stderr when they are ready
    #[arg(short, long, conflicts_with = "quiet", help_heading = "Run", hide_short_help = true)]
    verbose: bool,
}

/// The settings that a subcommand decides by itself.
#[derive(Debug)]
pub(super) struct Own {
    pub(super) verdict: VerdictConfig,
    pub(super) outputs: OutputsConfig,
    /// The folder for regrouping records by name, if they are regrouped.
    pub(super) collate: Option<PathBuf>,
    /// The reports and the folder of the standard set of outputs.
    pub(super) set: Option<(report::Files, PathBuf)>,
    /// The share of templates that are also scored on a plain path.
    pub(super) audit: Option<f64>,
    /// The command line.
    pub(super) command: Vec<String>,
}

impl Common {
    /// The tables that both subcommands write, with `scores` as the path of the scores table.
    pub(super) fn tables(&self, scores: Option<PathBuf>) -> Vec<(PathBuf, Box<dyn Table>)> {
        let windows = self.long_reads.are_windowed();
        let scores = scores.map(|path| {
            let table = outputs::scores(&path, windows);
            (path, table)
        });
        scores.into_iter().chain(self.long_reads.table()).collect()
    }

    /// The model and the device it runs on.
    pub(super) fn model_options(&self) -> model::Options {
        let options = self.model.options(threads::or_all(self.threads));
        if self.no_model { model::Options { source: model::Source::Unscored, ..options } } else { options }
    }

    /// How outputs are put in place.
    pub(super) fn placing(&self) -> Placing {
        let existing = Existing::replaced(self.force);
        Placing { existing, fsync: !self.no_fsync }
    }

    /// The settings of the run, given those of the subcommand.
    pub(super) fn into_config(self, Own { verdict, outputs, collate, set, audit, command }: Own) -> Result<Config> {
        let (model, placing, threads) = (self.model_options(), self.placing(), threads::or_all(self.threads));
        let windows = self.long_reads.config(verdict.threshold);
        let (standard, folder) = set.unzip();
        let standard = standard.unwrap_or_default();
        let grouping = match verdict.mates {
            // Mates that are judged separately, and written independently of each other, need not even be adjacent.
            verdict::Mates::Each if !outputs.needs_mates() => Grouping::Each,
            _ => Grouping::Templates,
        };
        let report = match &self.prior {
            Some(PriorAsked::OfReport(path)) => Some(path.clone()),
            _ => None,
        };
        let (prior, prior_of) = self.prior.map(assumed).transpose()?.unzip();
        Ok(Config {
            also_read: self.reads.list().into_iter().chain(report).collect(),
            input: InputConfig {
                part: None,
                inputs: self.reads.inputs()?,
                grouping,
                mate_names: self.reads.mate_names(),
                alignments: outputs.alignments(),
                collate: collate.map(|folder| Collate { memory: self.memory, folder }),
                reference: self.reference,
                read_ahead: self.memory / 4,
                workers: threads,
            },
            model,
            min_length: self.min_length,
            letters: self.letters,
            verdict,
            prior,
            prior_of: prior_of.flatten(),
            windows,
            outputs,
            reports: report::Files {
                json: self.json.or(standard.json),
                html: self.html.or(standard.html),
                multiqc: self.multiqc.or(standard.multiqc),
            },
            folder,
            placing,
            max_reads: self.max_reads,
            shard: self.shard,
            index: self.index,
            sample: self.sample.map(|fraction| Sample::new(fraction, self.seed)),
            audit: audit.map(Sample::of_audit),
            threads,
            compression_level: self.compression_level,
            memory: self.memory,
            display: if self.quiet { Display::Off } else { self.progress },
            quiet: self.quiet,
            verbose: self.verbose,
            command,
        })
    }
}

/// The prior to assume. If it is that of another run, its report is read, and its model is returned too.
fn assumed(asked: PriorAsked) -> Result<(Setting, Option<Card>)> {
    let path = match asked {
        PriorAsked::Auto => return Ok((Setting::Auto, None)),
        PriorAsked::Share(share) => return Ok((Setting::Assumed(Prior::given(share)), None)),
        PriorAsked::OfReport(path) => path,
    };
    let report = report_file::read(&path)?;
    let problem = "its prior is no share of reads, or does not agree with its own cpg".to_owned();
    let prior = report.settings.prior.assumed().ok_or(Error::NotAReport { path, problem })?;
    Ok((Setting::Assumed(prior), (prior.basis == Basis::Taken).then_some(report.model)))
}

/// The help on compression levels: the range and default of each codec.
fn compression_help() -> String {
    let of = |suffix: &str| {
        let codec = Codec::of(format!("reads{suffix}").as_ref());
        let levels = codec.levels().expect("each of these compresses");
        format!("{suffix} {} to {} [{}]", levels.start(), levels.end(), codec.default_level())
    };
    let all = [".gz", ".zst", ".bz2", ".xz"].map(of).join(", ");
    format!("Compression level of all compressed outputs: {}", all.replacen('[', "[default: ", 1))
}
