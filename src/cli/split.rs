//! `readseeker split`: writes coding and non-coding reads to separate files.

use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, ValueEnum};

use super::common::{Common, Own};
use super::patterns::{self, Named, Sign};
use super::runtime;
use super::standard::Standard;
use super::translation::Translations;
use super::values::{band, fraction};
use crate::class::PerClass;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::outputs::{Files, Gff3, OutputsConfig, Split, Table};
use crate::reads::output::{FileFormat, SequenceFormat};
use crate::verdict::{Mates, VerdictConfig};

/// Split reads into coding and non-coding
///
/// Reads are written as FASTQ, or as FASTA where a path ends in .fa, .fasta or .fna. Outputs are compressed if they end in
/// .gz (BGZF), .zst, .bz2 or .xz. A # in a file name becomes 1 and 2 for first and second mates; ## stands for a # of the
/// name itself. Mates written to one file are interleaved and get /1 and /2 after their names. A path that ends in .bam
/// gets the records unchanged, with tags cp (probability) and cf (frame).
#[derive(Debug, ClapArgs)]
#[allow(clippy::doc_markdown, reason = "help is plain text")]
pub(super) struct Args {
    /// Standard set of outputs: both classes, scores and reports
    ///
    /// Writes PREFIX.coding.fq.gz, PREFIX.noncoding.fq.gz, PREFIX.scores.tsv.gz, PREFIX.json, PREFIX.html and PREFIX_mqc.json
    /// (with two more files for MultiQC, see --multiqc), and makes their folder. Mates are interleaved. A PREFIX that ends in / is
    /// a folder: soil/ gets coding.fq.gz, noncoding.fq.gz, scores.tsv.gz, report.json, report.html and soil_mqc.json.
    /// Flags for single files take precedence, and --output-format sets the suffix.
    #[arg(long, value_name = "PREFIX", help_heading = "Outputs")]
    out_prefix: Option<PathBuf>,

    /// Coding reads; - is stdout
    #[arg(long, value_name = "PATH", help_heading = "Outputs", required_unless_present = "out_prefix")]
    coding: Option<PathBuf>,

    /// Second mates of the coding reads
    #[arg(long, value_name = "PATH", help_heading = "Outputs", requires = "coding")]
    coding2: Option<PathBuf>,

    /// Non-coding reads
    #[arg(long, value_name = "PATH", help_heading = "Outputs", required_unless_present = "out_prefix")]
    noncoding: Option<PathBuf>,

    /// Second mates of the non-coding reads
    #[arg(long, value_name = "PATH", help_heading = "Outputs", requires = "noncoding")]
    noncoding2: Option<PathBuf>,

    /// Undecided reads [default: with the non-coding reads]
    ///
    /// Reads that are too short to be scored, and those in the undecided band.
    #[arg(long, value_name = "PATH", help_heading = "Outputs")]
    undecided: Option<PathBuf>,

    /// Second mates of the undecided reads
    #[arg(long, value_name = "PATH", requires = "undecided", help_heading = "Outputs", hide_short_help = true)]
    undecided2: Option<PathBuf>,

    /// Reads without a mate in their class, so that two files per class stay in step
    ///
    /// A % in the file name becomes coding, noncoding or undecided: unpaired_%.fq.gz. %% stands for a % of the name itself.
    #[arg(long, value_name = "PATH", help_heading = "Outputs", hide_short_help = true)]
    unpaired: Option<PathBuf>,

    /// Format of the read files, whatever their names end in
    #[arg(long, value_enum, value_name = "FORMAT", help_heading = "Outputs", hide_short_help = true)]
    output_format: Option<OutputFormat>,

    /// Add the model's answer to header lines: cp=0.987 (probability) cf=-1 (frame)
    #[arg(long, help_heading = "Outputs", hide_short_help = true)]
    annotate: bool,

    /// Table of scores, one line per read in input order
    ///
    /// Columns: name, mate, length, probability, posterior, label, frame, output (the file the read went to), coding_bases,
    /// start, end; with --windows also windows, mean, max, fraction.
    /// A path that ends in .csv gets commas for tabs, and one that ends in .parquet is a Parquet file.
    #[arg(long, value_name = "TSV[.gz|.zst|...]", help_heading = "Outputs")]
    scores: Option<PathBuf>,

    /// Coding stretches as GFF3, one CDS line per stretch
    ///
    /// Coordinates are on the reads. A model that judges reads as a whole gives one stretch per coding read: all of it. Any other
    /// writes every gene that reaches the threshold, whatever the class of its read.
    #[arg(long, value_name = "GFF3[.gz|.zst|...]", help_heading = "Outputs")]
    genes: Option<PathBuf>,

    #[command(flatten)]
    translations: Translations,

    /// Regroup BAM, SAM or CRAM by name first; needed for files sorted by coordinate
    ///
    /// This brings mates together. Up to --memory bytes of records stay in RAM; the rest goes to a temporary file.
    #[arg(long, conflicts_with_all = ["interleaved", "paired", "index"], help_heading = "Input")]
    collate: bool,

    /// Folder for the temporary file of --collate [default: TMPDIR or /tmp]
    #[arg(long, value_name = "FOLDER", requires = "collate", help_heading = "Input", hide_short_help = true)]
    temp_dir: Option<PathBuf>,

    /// Reads with LO <= posterior < HI are undecided
    #[arg(long, value_name = "LO,HI", value_parser = band, help_heading = "Classification", hide_short_help = true)]
    undecided_band: Option<(f32, f32)>,

    /// Rule for pairs
    #[arg(long, value_enum, default_value_t, help_heading = "Classification")]
    mates: Mates,

    /// Also score this share of the reads on a plain path, while the run goes on
    ///
    /// The plain path is burn on the CPU in f32. If it gives a read another label, the run ends with exit code 1 and writes
    /// nothing. The report has the largest difference. The templates are chosen by a hash of their names. The plain path is
    /// several times slower and holds the model in memory once more.
    #[arg(
        long,
        value_name = "FRACTION",
        value_parser = fraction,
        conflicts_with = "no_model",
        help_heading = "Model",
        hide_short_help = true
    )]
    audit: Option<f64>,

    // Late, so that help starts with the outputs.
    #[command(flatten)]
    common: Common,

    /// Write nothing; say on stdout what a run would do
    ///
    /// Opens the input, checks the outputs, readies model and device, and measures for two seconds. The number of reads is
    /// estimated from the bytes of the input. The time is that of reading and scoring.
    #[arg(long, help_heading = "Run")]
    dry_run: bool,
}

/// Runs the split, or prints what it would do.
pub(super) fn run(args: Args, command: Vec<String>) -> Result<()> {
    let is_dry = args.dry_run;
    let config = args.into_config(command)?;
    if is_dry { runtime::dry_run(config) } else { runtime::run(config) }
}

/// What a file of reads holds.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum OutputFormat {
    Fastq,
    Fasta,
    Bam,
}

/// The suffix of the read files in the standard set.
fn suffix(format: Option<OutputFormat>) -> &'static str {
    match format {
        None | Some(OutputFormat::Fastq) => "fq.gz",
        Some(OutputFormat::Fasta) => "fa.gz",
        Some(OutputFormat::Bam) => "bam",
    }
}

impl From<OutputFormat> for FileFormat {
    fn from(format: OutputFormat) -> Self {
        match format {
            OutputFormat::Fastq => Self::Letters(SequenceFormat::Fastq),
            OutputFormat::Fasta => Self::Letters(SequenceFormat::Fasta),
            OutputFormat::Bam => Self::Bam,
        }
    }
}

impl Args {
    fn into_config(self, command: Vec<String>) -> Result<Config> {
        let standard = self.out_prefix.map(|prefix| Standard::of(&prefix, suffix(self.output_format))).transpose()?;
        let (coding, noncoding, scores, set) = match standard {
            Some(Standard { coding, noncoding, scores, reports, folder }) => {
                (Some(coding), Some(noncoding), Some(scores), Some((reports, folder)))
            }
            None => (None, None, None, None),
        };
        let needed = |path: Option<PathBuf>| path.expect("clap asks for it where there is no prefix");
        // The names of the standard set are no patterns.
        let named = |typed: Option<PathBuf>, second, standard: Option<PathBuf>| match typed {
            Some(path) => files(path, second),
            None => Ok(Files::One(needed(standard))),
        };
        let split = Split::new(
            named(self.coding, self.coding2, coding)?,
            named(self.noncoding, self.noncoding2, noncoding)?,
            self.undecided.map(|path| files(path, self.undecided2)).transpose()?,
        );
        let verdict = VerdictConfig { threshold: self.common.threshold, band: self.undecided_band, mates: self.mates };
        if verdict.band.is_some_and(|(low, high)| verdict.threshold < low || high < verdict.threshold) {
            return Err(Error::Usage("--undecided-band must contain the --threshold".into()));
        }
        let mut tables = self.common.tables(self.scores.or(scores));
        tables.extend(self.genes.map(|path| (path, Box::new(Gff3::default()) as Box<dyn Table>)));
        tables.extend(self.translations.tables()?);
        let outputs = OutputsConfig {
            split: Some(split),
            annotate: self.annotate,
            kind: self.output_format.map(FileFormat::from),
            unpaired: self.unpaired.as_deref().map(unpaired).transpose()?,
            tables,
        };
        check(&outputs, verdict.mates)?;
        let collate = self.collate.then(|| self.temp_dir.unwrap_or_else(std::env::temp_dir));
        self.common.into_config(Own { verdict, outputs, collate, set, audit: self.audit, command })
    }
}

/// Refuses outputs that contradict each other.
fn check(outputs: &OutputsConfig, mates: Mates) -> Result<()> {
    let usage = |problem: &str| Err(Error::Usage(problem.to_owned()));
    if outputs.classes().any(|(_, files)| matches!(files, Files::Two(..)) && outputs.kind_of(files) == FileFormat::Bam)
    {
        return usage("BAM holds both mates in one file: give one path per class");
    }
    if outputs.unpaired.is_none() && mates == Mates::Each && outputs.parts_mates() {
        return usage("--mates each can separate mates: two files per class stay in step only with --unpaired");
    }
    if outputs.unpaired.is_some() && outputs.keeps_all() {
        return usage("--unpaired is for FASTQ and FASTA: BAM holds all reads of a class in one file");
    }
    Ok(())
}

/// One path or two: both as typed, or one with a `#` that stands for 1 and 2.
fn files(path: PathBuf, second: Option<PathBuf>) -> Result<Files> {
    if let Some(second) = second {
        return Ok(Files::Two(path, second));
    }
    match patterns::find(&path, Sign::Mate).map_err(Error::Usage)? {
        Named::File(path) => Ok(Files::One(path)),
        Named::Pattern(pattern) => Ok(Files::Two(pattern.with("1"), pattern.with("2"))),
    }
}

/// The files for reads without a mate, by class.
fn unpaired(path: &Path) -> Result<PerClass<PathBuf>> {
    let Named::Pattern(pattern) = patterns::find(path, Sign::Class).map_err(Error::Usage)? else {
        let problem = "--unpaired needs a % in its file name, which stands for the class: unpaired_%.fq.gz";
        return Err(Error::Usage(problem.to_owned()));
    };
    Ok(PerClass::from_fn(|class| pattern.with(class.id())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_stands_for_both_mates_unless_both_are_named() {
        assert_eq!(files("c_#.fq".into(), None).unwrap(), Files::Two("c_1.fq".into(), "c_2.fq".into()));
        assert_eq!(files("c_#.fq".into(), Some("d".into())).unwrap(), Files::Two("c_#.fq".into(), "d".into()));
    }
}
