//! The run's account: the JSON file, MultiQC's, the page and the summary on stderr, from the same sums.

mod chart;
mod classes;
mod html;
pub mod multiqc;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use crate::config::Config;
use crate::error::Result;
use crate::estimate::{Estimate, Part};
use crate::model::Card;
use crate::progress::{per_second, share};
use crate::reads::EncoderConfig;
use crate::reads::output::{self, Pending};
use crate::reads::{Format, InputCounts};
use crate::tally::{BINS, Tally};
use crate::verdict::Mates;
use crate::windows;

/// The files that tell of a run.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// The report as JSON.
    pub json: Option<PathBuf>,
    /// The report as a page.
    pub html: Option<PathBuf>,
    /// Reads by class for MultiQC.
    pub multiqc: Option<multiqc::File>,
}

impl Files {
    /// Where they go.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        let multiqc = self.multiqc.as_ref().map(|file| &file.path);
        self.json.iter().chain(&self.html).chain(multiqc).map(PathBuf::as_path)
    }

    /// Writes them, to be put in place with the other outputs.
    pub async fn write(&self, report: &Report, encoding: EncoderConfig) -> Result<Vec<Pending>> {
        let as_json = self.json.as_deref().map(|path| (path, json(report)));
        let html = self.html.as_deref().map(|path| (path, html::page(report)));
        let multiqc = self.multiqc.as_ref().map(|file| (file.path.as_path(), json(&file.section(report))));
        let mut written = Vec::new();
        for (path, account) in as_json.into_iter().chain(html).chain(multiqc) {
            written.push(write(&account, path, encoding).await?);
        }
        Ok(written)
    }
}

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
    /// Reads by where they went: `records = coding + noncoding + undecided + without_bases + not_sampled + secondary +
    /// supplementary`.
    pub counts: Counts,
    /// Bases by where they went.
    pub bases: Bases,
    /// Reads the model scored, by probability.
    pub histogram: Histogram,
    /// Reads whose own label is coding, by frame; absent where the model tells no frames.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frames: Option<Frames>,
    /// What a run on all of the input would give; absent where this was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Estimate>,
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
    /// What drives it: `cpu` (our own kernels), `flex` (burn), `wgpu (Vulkan)`, `cuda`.
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
    /// How reads were scored in windows, if they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub windows: Option<Windows>,
}

/// How reads were scored in windows.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Windows {
    /// Bases from one window's start to the next one's at most.
    pub step: usize,
    /// What stood for the read: `mean`, `max` or `fraction`.
    pub pool: &'static str,
    /// A window was coding from this probability on.
    pub threshold: f32,
}

impl From<windows::Config> for Windows {
    fn from(windows::Config { step, pool, threshold }: windows::Config) -> Self {
        Self { step: step.get(), pool: pool.name(), threshold }
    }
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
    /// Left out: records of templates that `--sample` did not take.
    pub not_sampled: u64,
    /// Left out: secondary alignments.
    pub secondary: u64,
    /// Left out: supplementary alignments.
    pub supplementary: u64,
    /// Of those without bases, secondary and supplementary ones: written to BAM outputs after all, with their template.
    pub followers: u64,
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
    /// Windows scored; absent where reads were scored whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub windows: Option<u64>,
    /// Those of them that are coding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coding_windows: Option<u64>,
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

/// What the readers found.
#[derive(Clone, Copy, Debug)]
pub struct Read<'a> {
    /// The input's format.
    pub format: Format,
    /// Its bytes as stored, where they are known.
    pub stored_size: Option<u64>,
    /// What was counted.
    pub counts: &'a InputCounts,
}

impl Report {
    /// Draws up the account of a run that has just ended.
    #[must_use]
    pub fn new(config: &Config, card: &Card, read: &Read<'_>, tally: &Tally, wall: Duration) -> Self {
        let &Read { format, counts: seen, .. } = read;
        Self {
            tool: "readseeker",
            version: env!("CARGO_PKG_VERSION"),
            command: config.command.clone(),
            model: card.clone(),
            device: Device { name: card.device.clone(), backend: card.backend.clone(), threads: config.threads.get() },
            input: Input {
                files: config.input.inputs.paths().map(Path::to_owned).collect(),
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
                windows: config.windows.map(Windows::from),
            },
            counts: Counts {
                // With --max-reads the reader may be ahead of what was taken: what was taken counts.
                records: match config.max_reads {
                    None => seen.records.get(),
                    Some(_) => tally.written() + seen.left_out(),
                },
                coding: tally.coding.reads,
                noncoding: tally.noncoding.reads,
                undecided: tally.undecided.reads,
                without_bases: seen.without_bases.get(),
                not_sampled: seen.not_sampled.get(),
                secondary: seen.secondary.get(),
                supplementary: seen.supplementary.get(),
                followers: tally.followers,
                scored: tally.scored(),
                too_short: tally.too_short,
                in_undecided_band: tally.in_band,
                orphans: seen.orphans.get(),
                hard_clipped: seen.hard_clipped.get(),
                windows: config.windows.map(|_| tally.windows),
                coding_windows: config.windows.map(|_| tally.coding_windows),
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
            estimate: estimate(config, read, tally, wall),
            wall_seconds: wall.as_secs_f64(),
            reads_per_second: per_second(tally.written(), wall),
            peak_memory_bytes: peak_memory(),
        }
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
        let precision = if model.precision == "f32" { String::new() } else { format!(", {}", model.precision) };
        writeln!(text, "model       {} ({}{precision}) on {}", model.name, model.kind, self.device.name)?;
        writeln!(text, "coding      {coding:>12}  {:5.1}%", per_cent(coding))?;
        writeln!(text, "non-coding  {noncoding:>12}  {:5.1}%", per_cent(noncoding))?;
        if undecided > 0 {
            writeln!(text, "undecided   {undecided:>12}  {:5.1}%", per_cent(undecided))?;
        }
        if let (Some(Windows { step, pool, .. }), Some(windows)) = (self.settings.windows, self.counts.windows) {
            let coding = 100.0 * share(self.counts.coding_windows.unwrap_or(0), windows);
            writeln!(
                text,
                "windows     {windows:>12}  {coding:5.1}% coding; every {step} bases, reads by their {pool}"
            )?;
        }
        for (count, what) in self.remarks() {
            if count > 0 {
                writeln!(text, "            {count:>12}  {what}")?;
            }
        }
        if let Some(estimate) = &self.estimate {
            let Estimate { reads, coding, coding_95: [low, high], wall_seconds } = estimate;
            let [coding, low, high] = [coding, low, high].map(|share| 100.0 * share);
            writeln!(
                text,
                "all of it   {reads:>12}  {coding:5.1}% coding ({low:.1} to {high:.1}), {wall_seconds:.0} s, by estimate"
            )?;
        }
        writeln!(text, "{written} reads in {:.1} s, {} reads/s", self.wall_seconds, self.reads_per_second)
    }

    /// Counts worth a line when they are not zero.
    fn remarks(&self) -> [(u64, &'static str); 9] {
        let counts = &self.counts;
        [
            (counts.too_short, "of these too short to be scored"),
            (counts.in_undecided_band, "of these inside the undecided band"),
            (counts.orphans, "of these without their mate"),
            (counts.hard_clipped, "of these hard-clipped in the input"),
            (counts.not_sampled, "reads not in the sample"),
            (counts.secondary, "secondary alignments, no reads of their own"),
            (counts.supplementary, "supplementary alignments, no reads of their own"),
            (counts.without_bases, "records without bases"),
            (counts.followers, "of these records went to BAM with their template"),
        ]
    }
}

/// An account as JSON.
fn json(account: &impl Serialize) -> String {
    let json = serde_json::to_string_pretty(account).expect("an account holds nothing JSON cannot");
    json + "\n"
}

/// Writes one account.
async fn write(account: &str, path: &Path, encoding: EncoderConfig) -> Result<Pending> {
    let (mut writer, pending) = output::create(path, encoding).await?;
    writer.write(account.as_bytes()).await?;
    writer.finish().await?;
    Ok(pending)
}

/// What this run says of all of the input, if it saw a part of it.
fn estimate(config: &Config, read: &Read<'_>, tally: &Tally, wall: Duration) -> Option<Estimate> {
    let written = tally.written();
    let cut = config.max_reads.is_some_and(|most| written >= most);
    if !cut && config.sample.is_none() {
        return None;
    }
    let (taken, seen) = (written + read.counts.left_out(), read.counts.records.get());
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let ratio = |whole: u64, part: u64| whole as f64 / part as f64;
    // Readers are ahead of what a cut run takes: what they have read gives the records a byte.
    let beyond = match (cut, read.stored_size) {
        (false, _) => 1.0,
        (true, Some(size)) => ratio(size, read.counts.stored_bytes.get()) * ratio(seen, taken),
        (true, None) => return None,
    };
    let sampled = ratio(written + read.counts.not_sampled.get(), written);
    let coding = tally.coding.reads;
    Estimate::from_part(&Part { reads: written, coding, verdicts: tally.verdicts, scale: sampled * beyond, wall })
}

/// The process's largest resident set so far.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}
