//! The run's account: the JSON file and the summary on stderr, from the same sums.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use crate::config::Config;
use crate::error::Result;
use crate::model::Card;
use crate::progress::{per_second, share};
use crate::reads::encode;
use crate::reads::output::{self, Pending};
use crate::reads::{Format, InputCounts};
use crate::run::left_out;
use crate::tally::{BINS, Tally};
use crate::verdict::Mates;

/// Everything a run has to say of itself. Its field names are the JSON's.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Always `readseeker`.
    pub tool: &'static str,
    /// This crate's version.
    pub version: &'static str,
    /// The command line.
    pub command: Vec<String>,
    /// The model that ran.
    pub model: Card,
    /// What ran it.
    pub device: Device,
    /// What was read.
    pub input: Input,
    /// What separated the classes.
    pub settings: Settings,
    /// Reads by where they went: `records = coding + noncoding + undecided + without_bases + secondary + supplementary`.
    pub counts: Counts,
    /// Bases by where they went.
    pub bases: Bases,
    /// Reads the model scored, by probability.
    pub histogram: Histogram,
    /// Reads whose own label is coding, by frame; absent where the model tells no frames.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frames: Option<Frames>,
    /// Wall time of the whole run.
    pub wall_seconds: f64,
    /// Reads written a second of it.
    pub reads_per_second: u64,
    /// The most memory the process ever held; absent where the system does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_memory_bytes: Option<u64>,
}

/// What was read.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// The files, `-` for stdin.
    pub files: Vec<PathBuf>,
    /// `BAM`, `SAM`, `CRAM`, `FASTQ` or `FASTA`.
    pub format: &'static str,
    /// Bytes read of them as stored.
    pub stored_bytes: u64,
}

/// What ran the model.
#[derive(Clone, Debug, Serialize)]
pub struct Device {
    /// For people: `CPU (2 threads, AVX-512)`, `NVIDIA A40`.
    pub name: String,
    /// What drives it: `cpu` (our own kernels), `flex` (burn), `wgpu (Vulkan)`.
    pub backend: String,
    /// CPU threads the run was given.
    pub threads: usize,
}

/// What separated the classes.
#[derive(Clone, Debug, Serialize)]
pub struct Settings {
    /// Coding from this probability on.
    pub threshold: f32,
    /// Undecided inside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undecided_band: Option<[f32; 2]>,
    /// How mates were judged together.
    pub mates: &'static str,
    /// Shorter reads were not scored.
    pub min_length: usize,
}

/// Reads by where they went.
#[derive(Clone, Debug, Serialize)]
pub struct Counts {
    /// Records read.
    pub records: u64,
    /// To the coding output.
    pub coding: u64,
    /// To the non-coding output.
    pub noncoding: u64,
    /// To the undecided output.
    pub undecided: u64,
    /// Dropped: no bases.
    pub without_bases: u64,
    /// Left out: secondary alignments.
    pub secondary: u64,
    /// Left out: supplementary alignments.
    pub supplementary: u64,
    /// Reads scored by the model.
    pub scored: u64,
    /// Written, but not scored: no read of the template is long enough.
    pub too_short: u64,
    /// Written, but inside the undecided band.
    pub in_undecided_band: u64,
    /// Mates whose other mate is not in the input.
    pub orphans: u64,
    /// Reads the input holds only part of.
    pub hard_clipped: u64,
}

/// Bases by where they went.
#[derive(Clone, Debug, Serialize)]
pub struct Bases {
    /// To the coding output.
    pub coding: u64,
    /// To the non-coding output.
    pub noncoding: u64,
    /// To the undecided output.
    pub undecided: u64,
}

/// The spread of probabilities.
#[derive(Clone, Debug, Serialize)]
pub struct Histogram {
    /// The width of a bin; bin i starts at `i * width`.
    pub bin_width: f64,
    /// Reads in each bin.
    pub counts: [u64; BINS],
}

/// Coding reads by frame.
#[derive(Clone, Debug, Serialize)]
pub struct Frames {
    /// In this order.
    pub order: [&'static str; 6],
    /// Reads in each frame.
    pub counts: [u64; 6],
}

impl Report {
    /// Draws up the account of a run that has just ended.
    #[must_use]
    pub fn new(
        config: &Config,
        card: &Card,
        format: Format,
        seen: &InputCounts,
        tally: &Tally,
        wall: Duration,
    ) -> Self {
        Self {
            tool: "readseeker",
            version: env!("CARGO_PKG_VERSION"),
            command: config.command.clone(),
            model: card.clone(),
            device: Device { name: card.device.clone(), backend: card.backend.clone(), threads: config.threads.get() },
            input: Input {
                files: config.input_paths().map(Path::to_owned).collect(),
                format: format.name(),
                stored_bytes: seen.stored_bytes.get(),
            },
            settings: Settings {
                threshold: config.verdict.threshold,
                undecided_band: config.verdict.band.map(|(low, high)| [low, high]),
                mates: match config.verdict.mates {
                    Mates::Any => "any",
                    Mates::Both => "both",
                    Mates::Mean => "mean",
                    Mates::Each => "each",
                },
                min_length: config.min_length,
            },
            counts: Counts {
                // With --max-reads the reader may be ahead of what was taken: what was taken counts.
                records: match config.max_reads {
                    None => seen.records.get(),
                    Some(_) => tally.written() + left_out(seen),
                },
                coding: tally.coding.reads,
                noncoding: tally.noncoding.reads,
                undecided: tally.undecided.reads,
                without_bases: seen.without_bases.get(),
                secondary: seen.secondary.get(),
                supplementary: seen.supplementary.get(),
                scored: tally.scored(),
                too_short: tally.too_short,
                in_undecided_band: tally.in_band,
                orphans: seen.orphans.get(),
                hard_clipped: seen.hard_clipped.get(),
            },
            bases: Bases {
                coding: tally.coding.bases,
                noncoding: tally.noncoding.bases,
                undecided: tally.undecided.bases,
            },
            histogram: Histogram { bin_width: 0.05, counts: tally.histogram },
            frames: tally
                .frames
                .iter()
                .any(|&n| n > 0)
                .then_some(Frames { order: ["+0", "+1", "+2", "-0", "-1", "-2"], counts: tally.frames }),
            wall_seconds: wall.as_secs_f64(),
            reads_per_second: per_second(tally.written(), wall),
            peak_memory_bytes: peak_memory(),
        }
    }

    /// Writes the JSON file, to be put in place with the other outputs.
    pub async fn write(&self, path: &Path, encoding: encode::Config) -> Result<Pending> {
        let mut json = serde_json::to_vec_pretty(self).expect("a report holds nothing JSON cannot");
        json.push(b'\n');
        let (mut writer, pending) = output::create(path, encoding).await?;
        writer.write(&json).await?;
        writer.finish().await?;
        Ok(pending)
    }

    /// What the run prints on stderr when it ends.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut text = String::new();
        self.push_summary(&mut text).expect("writing to a string cannot fail");
        text
    }

    fn push_summary(&self, text: &mut String) -> std::fmt::Result {
        let Counts { coding, noncoding, undecided, .. } = self.counts;
        let written = coding + noncoding + undecided;
        let per_cent = |n| 100.0 * share(n, written);
        let model = &self.model;
        writeln!(text, "model       {} ({}) on {}", model.name, model.kind, self.device.name)?;
        writeln!(text, "coding      {coding:>12}  {:5.1}%", per_cent(coding))?;
        writeln!(text, "non-coding  {noncoding:>12}  {:5.1}%", per_cent(noncoding))?;
        if undecided > 0 {
            writeln!(text, "undecided   {undecided:>12}  {:5.1}%", per_cent(undecided))?;
        }
        for (count, what) in self.remarks() {
            if count > 0 {
                writeln!(text, "            {count:>12}  {what}")?;
            }
        }
        writeln!(text, "{written} reads in {:.1} s, {} reads/s", self.wall_seconds, self.reads_per_second)
    }

    /// Counts worth a line when they are not zero.
    fn remarks(&self) -> [(u64, &'static str); 7] {
        let counts = &self.counts;
        [
            (counts.too_short, "of these too short to be scored"),
            (counts.in_undecided_band, "of these inside the undecided band"),
            (counts.orphans, "of these without their mate"),
            (counts.hard_clipped, "of these hard-clipped in the input"),
            (counts.secondary, "secondary alignments left out"),
            (counts.supplementary, "supplementary alignments left out"),
            (counts.without_bases, "records without bases dropped"),
        ]
    }
}

/// The process's largest resident set so far.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}
