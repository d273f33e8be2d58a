//! `readseeker split`: coding reads here, non-coding reads there.

use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, ValueEnum};

use super::common::{Common, probability};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::outputs::{self, Files, Split};
use crate::proteins::GeneticCode;
use crate::reads::Collate;
use crate::reads::output::{FileFormat, SequenceFormat};
use crate::verdict;

/// Split reads into coding and non-coding.
///
/// FASTQ is written, or FASTA where a path ends in .fa, .fasta or .fna; compressed where it ends in .gz (BGZF), .zst, .bz2
/// or .xz. A # in a path becomes 1 and 2 for mates; mates written to one file are interleaved and get /1 and /2 on their names.
/// A path that ends in .bam gets the records unchanged, with tags cp (probability) and cf (frame).
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Coding reads; - is stdout
    #[arg(long, value_name = "PATH", help_heading = "Outputs")]
    coding: PathBuf,

    /// Their second mates
    #[arg(long, value_name = "PATH", help_heading = "Outputs")]
    coding2: Option<PathBuf>,

    /// Non-coding reads
    #[arg(long, value_name = "PATH", help_heading = "Outputs")]
    noncoding: PathBuf,

    /// Their second mates
    #[arg(long, value_name = "PATH", help_heading = "Outputs")]
    noncoding2: Option<PathBuf>,

    /// Reads too short to be scored, and those in the undecided band; without it they go to non-coding
    #[arg(long, value_name = "PATH", help_heading = "Outputs")]
    undecided: Option<PathBuf>,

    /// Their second mates
    #[arg(long, value_name = "PATH", requires = "undecided", help_heading = "Outputs")]
    undecided2: Option<PathBuf>,

    /// Undecided where LO <= probability < HI
    #[arg(long, value_name = "LO,HI", value_parser = band, help_heading = "Verdict")]
    undecided_band: Option<(f32, f32)>,

    /// Add what the model said to the header lines: cp=0.987 (probability) cf=+1 (strand and frame)
    #[arg(long, help_heading = "Outputs")]
    annotate: bool,

    /// Reads that have no mate in their class, so that two files a class stay in step; a % in the file name becomes
    /// coding, noncoding or undecided
    #[arg(long, value_name = "PATH", help_heading = "Outputs")]
    unpaired: Option<PathBuf>,

    /// What the classes' files hold, whatever their names end in
    #[arg(long, value_enum, value_name = "FORMAT", help_heading = "Outputs")]
    output_format: Option<OutputFormat>,

    /// A table, one line a read in input order: name, mate, length, probability, label, frame, and with --windows windows,
    /// mean, max, fraction
    #[arg(long, value_name = "TSV[.gz|.zst|...]", help_heading = "Outputs")]
    scores: Option<PathBuf>,

    /// Coding reads translated in their frame, as FASTA; not with --windows
    #[arg(long, value_name = "FAA[.gz|.zst|...]", conflicts_with = "windows", help_heading = "Outputs")]
    proteins: Option<PathBuf>,

    /// NCBI's number of the genetic code for --proteins
    #[arg(long, value_name = "N", default_value = "11", requires = "proteins", help_heading = "Outputs")]
    #[arg(value_parser = genetic_code)]
    genetic_code: GeneticCode,

    /// Regroup BAM, SAM or CRAM by name first, so that mates come together: for files sorted by coordinate. Holds records
    /// of --memory bytes, the others go to a temporary file
    #[arg(long, conflicts_with_all = ["interleaved", "paired"], help_heading = "Input")]
    collate: bool,

    /// Where --collate makes its temporary file [default: TMPDIR or /tmp]
    #[arg(long, value_name = "FOLDER", requires = "collate", help_heading = "Input")]
    temp_dir: Option<PathBuf>,

    /// A template is coding if any of its mates is, if both are, if the mean of their probabilities is; or each read is
    /// judged alone and mates may part
    #[arg(long, value_enum, default_value_t, help_heading = "Verdict")]
    mates: Mates,

    // Last, so that help starts with the outputs.
    #[command(flatten)]
    common: Common,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum OutputFormat {
    Fastq,
    Fasta,
    Bam,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Mates {
    #[default]
    Any,
    Both,
    Mean,
    Each,
}

impl Args {
    pub(super) fn into_config(self, command: Vec<String>) -> Result<Config> {
        let split = Split {
            coding: files("coding", self.coding, self.coding2)?,
            noncoding: files("noncoding", self.noncoding, self.noncoding2)?,
            undecided: match self.undecided {
                None => None,
                Some(path) => Some(files("undecided", path, self.undecided2)?),
            },
        };
        let verdict = verdict::Config {
            threshold: self.common.threshold,
            band: self.undecided_band,
            mates: match self.mates {
                Mates::Any => verdict::Mates::Any,
                Mates::Both => verdict::Mates::Both,
                Mates::Mean => verdict::Mates::Mean,
                Mates::Each => verdict::Mates::Each,
            },
        };
        if verdict.band.is_some_and(|(low, high)| verdict.threshold < low || high < verdict.threshold) {
            return Err(Error::Usage("--undecided-band must hold the --threshold".into()));
        }
        let outputs = outputs::Config {
            split: Some(split),
            annotate: self.annotate,
            kind: self.output_format.map(|format| match format {
                OutputFormat::Fastq => FileFormat::Letters(SequenceFormat::Fastq),
                OutputFormat::Fasta => FileFormat::Letters(SequenceFormat::Fasta),
                OutputFormat::Bam => FileFormat::Bam,
            }),
            unpaired: self.unpaired,
            scores: self.scores,
            proteins: self.proteins.map(|path| (path, self.genetic_code)),
            ..outputs::Config::default()
        };
        check(&outputs, verdict.mates)?;
        let mut config = self.common.into_config(verdict, outputs, command)?;
        config.input.collate = self
            .collate
            .then(|| Collate { memory: config.memory, folder: self.temp_dir.unwrap_or_else(std::env::temp_dir) });
        Ok(config)
    }
}

/// Refuses outputs that contradict each other.
fn check(outputs: &outputs::Config, mates: verdict::Mates) -> Result<()> {
    let usage = |problem: &str| Err(Error::Usage(problem.to_owned()));
    if outputs.classes().any(|(_, files)| matches!(files, Files::Two(..)) && outputs.kind_of(files) == FileFormat::Bam)
    {
        return usage("BAM holds both mates in one file: give it one path a class");
    }
    let Some(unpaired) = &outputs.unpaired else {
        if mates == verdict::Mates::Each && outputs.parts_mates() {
            return usage("--mates each parts mates: two files a class stay in step only with --unpaired");
        }
        return Ok(());
    };
    if outputs.keeps_all() {
        return usage("--unpaired is for FASTQ and FASTA: BAM holds all reads of a class in one file");
    }
    if !unpaired.file_name().is_some_and(|name| name.to_string_lossy().contains('%')) {
        return usage("--unpaired needs a % in its file name, which stands for the class: unpaired_%.fq.gz");
    }
    Ok(())
}

/// One path or two: a second one as typed, or a `#` that stands for 1 and 2.
fn files(class: &str, path: PathBuf, second: Option<PathBuf>) -> Result<Files> {
    match (numbered(&path), second) {
        (Some(_), Some(_)) => Err(Error::Usage(format!("--{class} has a #: leave out --{class}2"))),
        (Some((first, second)), None) => Ok(Files::Two(first, second)),
        (None, Some(second)) => Ok(Files::Two(path, second)),
        (None, None) => Ok(Files::One(path)),
    }
}

/// The path with its file name's last `#` as 1 and as 2.
fn numbered(path: &Path) -> Option<(PathBuf, PathBuf)> {
    let name = path.file_name()?.to_str()?;
    let (before, after) = name.rsplit_once('#')?;
    let with = |digit| path.with_file_name(format!("{before}{digit}{after}"));
    Some((with('1'), with('2')))
}

fn band(text: &str) -> Result<(f32, f32), String> {
    let (low, high) = text.split_once(',').ok_or("two probabilities, LO,HI")?;
    let (low, high) = (probability(low)?, probability(high)?);
    if low < high { Ok((low, high)) } else { Err("LO must be below HI".into()) }
}

fn genetic_code(text: &str) -> Result<GeneticCode, String> {
    text.parse().ok().and_then(GeneticCode::from_number).ok_or_else(|| {
        let numbers: Vec<String> = GeneticCode::numbers().map(|number| number.to_string()).collect();
        format!("one of {}", numbers.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_in_the_file_name_stands_for_both_mates() {
        let files = files("coding", "a#b/c_#.fq.gz".into(), None).unwrap();
        assert_eq!(files, Files::Two("a#b/c_1.fq.gz".into(), "a#b/c_2.fq.gz".into()));
        assert!(super::files("coding", "c_#.fq".into(), Some("d.fq".into())).is_err());
    }

    #[test]
    fn a_band_is_two_rising_probabilities() {
        assert_eq!(band("0.3,0.7"), Ok((0.3, 0.7)));
        assert!(band("0.7,0.3").is_err() && band("0.3").is_err() && band("0.3,2").is_err());
    }
}
