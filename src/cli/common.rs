//! Flags `split` and `score` share: what to read, which model, how much of the machine.

use std::num::NonZero;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::reads::Reads;
use super::threads;
use super::windows::LongReads;
use crate::config::Config;
use crate::error::Result;
use crate::kmer::Letters;
use crate::model::{self, device};
use crate::outputs;
use crate::progress::Display;
use crate::reads::Codec;
use crate::reads::{Grouping, InputConfig};
use crate::report::{self, multiqc};
use crate::sample::Sample;
use crate::verdict;

/// What to read, which model, how much of the machine.
#[derive(Debug, Args)]
pub(super) struct Common {
    #[command(flatten)]
    reads: Reads,

    /// The sequences a CRAM was made with, as FASTA (`REF_PATH` and `REF_CACHE` are not used)
    #[arg(long, value_name = "FASTA", help_heading = "Input")]
    reference: Option<PathBuf>,

    /// Do not score reads with fewer bases that are known (not N)
    #[arg(long, value_name = "N", default_value_t = 60, help_heading = "Input")]
    min_length: usize,

    /// Coding from this probability on
    #[arg(long, value_name = "P", default_value = "0.5", value_parser = probability, help_heading = "Verdict")]
    pub(super) threshold: f32,

    #[command(flatten)]
    long_reads: LongReads,

    /// Model: the compact one built in, or a checkpoint directory (config.json, weights, vocab.txt)
    #[arg(long, value_name = "builtin|DIR", default_value = "builtin", help_heading = "Model")]
    model: PathBuf,

    /// Score nothing, to measure what the rest of a run costs
    #[arg(long, hide = true, conflicts_with = "model")]
    no_model: bool,

    /// How a BERT treats its padding: as the published evaluation ran it, or masked out (about twice as fast at 150 bases)
    #[arg(long, value_enum, default_value_t, help_heading = "Model")]
    attention: Attention,

    /// What the model multiplies in: int8 on the CPU and f16 on a GPU are faster and less exact; so is bf16, for a BERT, on
    /// AMD CPUs since Zen 4 (`readseeker device` says which GPUs have f16)
    #[arg(long, value_enum, default_value_t, help_heading = "Model")]
    precision: Precision,

    /// Which letters are bases: lenient reads lower case and U too; published, as the original did, A C G T alone
    #[arg(long, value_enum, default_value_t, help_heading = "Input")]
    letters: LettersArg,

    /// Where the model runs: auto takes the first real GPU, else the CPU; several GPUs as gpu:0,gpu:1; `readseeker device`
    /// lists the numbers; cuda:N needs a build with CUDA
    #[arg(long, value_name = "auto|cpu|gpu|gpu:N|cuda:N", default_value = "auto", help_heading = "Model")]
    device: device::Choice,

    /// Rows a batch on a GPU; auto tries larger ones as long as they are faster, and halves what does not fit
    #[arg(long, value_name = "auto|N", default_value = "auto", value_parser = batch_size, help_heading = "Model")]
    batch_size: BatchSize,

    /// CPU threads [default: all this process may use]
    #[arg(short, long, value_name = "N", value_parser = threads::number, allow_negative_numbers = true, help_heading = "Run")]
    threads: Option<NonZero<usize>>,

    #[arg(long, value_name = "N", help = compression_help(), help_heading = "Outputs")]
    compression_level: Option<u8>,

    /// Memory for reads in flight, with suffix K, M or G
    #[arg(long, value_name = "SIZE", default_value = "256M", value_parser = size, help_heading = "Run")]
    memory: u64,

    /// Stop after this many reads: a quick look at the start of a big input
    #[arg(long, value_name = "N", help_heading = "Input")]
    max_reads: Option<u64>,

    /// Take this share of the templates, by a hash of their names: the same ones of any file, order or shard
    #[arg(long, value_name = "FRACTION", value_parser = fraction, help_heading = "Input")]
    sample: Option<f64>,

    /// Which of the many samples --sample takes
    #[arg(long, value_name = "N", default_value_t = 0, requires = "sample", help_heading = "Input")]
    seed: u64,

    /// Write a report of the run as JSON
    #[arg(long, value_name = "PATH", help_heading = "Outputs")]
    pub(super) json: Option<PathBuf>,

    /// Write a report of the run as a page: what went where, how sure the model was, other thresholds
    #[arg(long, value_name = "PATH", help_heading = "Outputs")]
    html: Option<PathBuf>,

    /// Write how many reads went where for MultiQC, in a file named for the sample
    #[arg(long, value_name = "SAMPLE_mqc.json", help_heading = "Outputs")]
    multiqc: Option<multiqc::File>,

    /// Replace outputs that exist
    #[arg(long, help_heading = "Outputs")]
    force: bool,

    /// What stderr shows meanwhile: a bar, a line every 30 s, nothing; auto is a bar on a terminal, else lines
    #[arg(long, value_enum, default_value_t, help_heading = "Run")]
    progress: DisplayArg,

    /// Say nothing on stderr but errors
    #[arg(short, long, help_heading = "Run")]
    quiet: bool,

    /// Say more on stderr
    #[arg(short, long, conflicts_with = "quiet", help_heading = "Run")]
    verbose: bool,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum Attention {
    #[default]
    Published,
    Masked,
}

impl From<Attention> for model::Attention {
    fn from(attention: Attention) -> Self {
        match attention {
            Attention::Published => Self::Published,
            Attention::Masked => Self::Masked,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Precision {
    #[default]
    F32,
    Bf16,
    Int8,
    F16,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum LettersArg {
    #[default]
    Lenient,
    Published,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum DisplayArg {
    #[default]
    Auto,
    Bar,
    Log,
    Off,
}

/// `auto`, or a number. A type of its own since clap gives `Option` another meaning.
#[derive(Clone, Copy, Debug)]
struct BatchSize(Option<NonZero<usize>>);

impl Common {
    /// The run's settings, given what is this subcommand's own.
    pub(super) fn into_config(
        self,
        verdict: verdict::Config,
        mut outputs: outputs::Config,
        command: Vec<String>,
    ) -> Result<Config> {
        let windows = self.long_reads.config(verdict.threshold);
        outputs.windows = self.long_reads.windows_out;
        let threads = threads::or_all(self.threads);
        let model = model::Options {
            source: if self.no_model { model::Source::Unscored } else { model::Source::from_path(self.model) },
            attention: self.attention.into(),
            precision: match self.precision {
                Precision::F32 => model::Precision::F32,
                Precision::Bf16 => model::Precision::Bf16,
                Precision::Int8 => model::Precision::Int8,
                Precision::F16 => model::Precision::F16,
            },
            device: self.device,
            batch_size: self.batch_size.0,
            threads,
        };
        let also_read = self.reads.list().into_iter().collect();
        let inputs = self.reads.into_inputs()?;
        let grouping = match verdict.mates {
            // Judged apart and written to one file, mates need not even be adjacent.
            verdict::Mates::Each if !outputs.parts_mates() => Grouping::Each,
            _ => Grouping::Templates,
        };
        Ok(Config {
            input: InputConfig {
                inputs,
                grouping,
                alignments: outputs.alignments(),
                collate: None,
                reference: self.reference,
                workers: threads,
            },
            model,
            min_length: self.min_length,
            letters: match self.letters {
                LettersArg::Lenient => Letters::Lenient,
                LettersArg::Published => Letters::Published,
            },
            verdict,
            windows,
            also_read,
            outputs,
            reports: report::Files { json: self.json, html: self.html, multiqc: self.multiqc },
            force: self.force,
            max_reads: self.max_reads,
            sample: self.sample.map(|fraction| Sample::new(fraction, self.seed)),
            threads,
            compression_level: self.compression_level,
            memory: self.memory,
            display: match self.progress {
                _ if self.quiet => Display::Off,
                DisplayArg::Auto => Display::Auto,
                DisplayArg::Bar => Display::Bar,
                DisplayArg::Log => Display::Log,
                DisplayArg::Off => Display::Off,
            },
            quiet: self.quiet,
            verbose: self.verbose,
            command,
        })
    }
}

/// What `--help` says of the levels: each codec's own, and the one it takes unless told otherwise.
fn compression_help() -> String {
    let of = |suffix: &str| {
        let codec = Codec::of(format!("reads{suffix}").as_ref());
        let levels = codec.levels().expect("each of these compresses");
        format!("{suffix} {} to {} [{}]", levels.start(), levels.end(), codec.default_level())
    };
    let all = [".gz", ".zst", ".bz2", ".xz"].map(of).join(", ");
    format!("How far outputs are compressed: {}", all.replacen('[', "[default: ", 1))
}

/// A number from 0 to 1.
pub(super) fn probability(text: &str) -> Result<f32, String> {
    let number: f32 = text.parse().map_err(|_| format!("{text:?} is no number"))?;
    if (0.0..=1.0).contains(&number) { Ok(number) } else { Err("a probability is from 0 to 1".into()) }
}

/// A number above 0 and up to 1.
fn fraction(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| format!("{text:?} is no number"))?;
    if number > 0.0 && number <= 1.0 { Ok(number) } else { Err("a fraction is above 0 and at most 1".into()) }
}

fn batch_size(text: &str) -> Result<BatchSize, String> {
    match text {
        "auto" => Ok(BatchSize(None)),
        _ => match text.parse() {
            Ok(rows) => Ok(BatchSize(Some(rows))),
            Err(_) => Err("expected auto or a number above 0".into()),
        },
    }
}

/// `64M`, `2G`, `500000`: bytes, in powers of 1024.
fn size(text: &str) -> Result<u64, String> {
    let upper = text.trim().to_ascii_uppercase();
    let number = upper.trim_end_matches("IB").trim_end_matches('B');
    let (number, unit) = match number.strip_suffix(['K', 'M', 'G', 'T']) {
        None => (number, 1),
        Some(rest) => (rest, 1_u64 << (10 * (1 + "KMGT".find(&number[rest.len()..]).unwrap_or(0)))),
    };
    let bytes = number.parse::<u64>().ok().and_then(|n| n.checked_mul(unit));
    bytes.filter(|&bytes| bytes > 0).ok_or_else(|| format!("{text:?} is no size: a number with suffix K, M or G"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_in_powers_of_1024() {
        assert_eq!(size("1000"), Ok(1000));
        assert_eq!(size("64k"), Ok(64 << 10));
        assert_eq!(size("3M"), Ok(3 << 20));
        assert_eq!(size("2GiB"), Ok(2 << 30));
        assert!(size("0").is_err() && size("G").is_err() && size("-1").is_err() && size("99999999999T").is_err());
    }

    #[test]
    fn fractions_lie_above_0_and_up_to_1() {
        assert_eq!((fraction("1"), fraction("0.01")), (Ok(1.0), Ok(0.01)));
        assert!(fraction("0").is_err() && fraction("1.01").is_err() && fraction("NaN").is_err());
    }

    #[test]
    fn probabilities_lie_between_0_and_1() {
        assert_eq!(probability("0.25"), Ok(0.25));
        assert!(probability("1.5").is_err() && probability("NaN").is_err() && probability("half").is_err());
    }
}
