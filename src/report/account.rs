//! Everything a run has to say of itself, as data.

use std::borrow::Cow;
use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::class::PerClass;
use crate::estimate::{Estimate, Part};
use crate::kmer::Letters;
use crate::model::Card;
use crate::paths;
use crate::prediction::Frame;
use crate::prior::{Basis, FEWEST, FEWEST_LONG, Line, Prior, Reason};
use crate::progress::{Pace, counted, per_second};
use crate::reads::{Format, InputCounts};
use crate::sample::Sample;
use crate::shard::Slice;
use crate::tally::{BINS, Strata, Tally};
use crate::verdict::{Mates, VerdictConfig};
use crate::warning::Warning;
use crate::windows::{Pool, WindowsConfig};

/// What a run knows of itself before its first read.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The command line.
    pub command: Vec<String>,
    /// CPU threads the run was given.
    pub threads: NonZero<usize>,
    /// The input files, `-` for stdin.
    pub files: Vec<PathBuf>,
    /// Their format.
    pub format: Format,
    /// Their bytes as stored, where they are known.
    pub stored_size: Option<u64>,
    /// What separates the classes.
    pub verdict: VerdictConfig,
    /// Shorter reads are not scored.
    pub min_length: usize,
    /// Which letters are bases.
    pub letters: Letters,
    /// How reads are scored in windows, if they are.
    pub windows: Option<WindowsConfig>,
    /// The bases that the model reads of a read, if it does not read all.
    pub reads_at_most: Option<usize>,
    /// The share of templates that are also scored on a plain path, if any are.
    pub audit: Option<f64>,
    /// Which part of the input the run takes.
    pub scope: Scope,
}

/// Which part of the input a run takes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    /// Stops after this many reads.
    pub max_reads: Option<u64>,
    /// Takes a sample of the templates.
    pub sample: Option<Sample>,
    /// Takes the templates of one shard.
    pub slice: Option<Slice>,
    /// Bytes of all files as stored, where they are known.
    pub all_stored_bytes: Option<u64>,
}

/// Everything a run has to say of itself. Its field names are the JSON's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Always `readseeker`.
    pub tool: Cow<'static, str>,
    /// This crate's version.
    pub version: Cow<'static, str>,
    /// The command line.
    pub command: Vec<String>,
    /// What the user should know.
    pub warnings: Vec<Warning>,
    /// The model that ran.
    pub model: Card,
    /// What ran it.
    pub device: Device,
    /// What was read.
    pub input: Input,
    /// What separated the classes.
    pub settings: Settings,
    /// Reads by class: `records = coding + noncoding + undecided + without_bases + not_sampled + secondary + supplementary`.
    pub counts: Counts,
    /// Bases by where they went.
    pub bases: PerClass<u64>,
    /// Reads the model scored, by probability.
    pub histogram: Histogram,
    /// Reads that would be coding at other thresholds, by the same rule for mates and without an undecided band.
    pub other_thresholds: Vec<Threshold>,
    /// Reads by length and GC content, and those that models are weak on.
    #[serde(default)]
    pub strata: Strata,
    /// Reads that may be unlike those the model was trained on.
    #[serde(default)]
    pub odd_reads: OddReads,
    /// Scored reads of the coding class, by frame; absent where the model tells no frames.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frames: Option<Frames>,
    /// What a run on all of the input would give; absent where this was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Estimate>,
    /// Reads that a plain path scored too; absent without `--audit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit: Option<Audit>,
    /// Wall time of the whole run.
    pub wall_seconds: f64,
    /// Reads written a second of it.
    pub reads_per_second: u64,
    /// Reads done in equal spans of time; absent for a run of a few seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pace: Option<Pace>,
    /// The most memory the process ever held; absent where the system does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_memory_bytes: Option<u64>,
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// The files, `-` for stdin.
    pub files: Vec<PathBuf>,
    /// `BAM`, `SAM`, `CRAM`, `FASTQ` or `FASTA`.
    pub format: Cow<'static, str>,
    /// Bytes read of them as stored.
    pub stored_bytes: u64,
    /// The part of their templates that the run took; absent where it took all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
}

/// The part of the input's templates that a run took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shard {
    /// Which shard, from 1.
    pub number: u64,
    /// How many shards there are.
    pub of: u64,
    /// The first template, from 1; `templates` follow from there.
    pub first_template: u64,
    /// Templates in the shard.
    pub templates: u64,
    /// Templates in the input.
    pub all_templates: u64,
    /// Bytes of the input as stored; absent where they are not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all_stored_bytes: Option<u64>,
}

impl Shard {
    fn new(slice: &Slice, all_stored_bytes: Option<u64>) -> Self {
        Self {
            number: slice.shard.number.get(),
            of: slice.shard.of.get(),
            first_template: slice.templates.start + 1,
            templates: slice.len(),
            all_templates: slice.of,
            all_stored_bytes,
        }
    }
}

/// What ran the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Device {
    /// For people: `CPU (2 threads, AVX-512)`, `NVIDIA A40`.
    pub name: String,
    /// What drives it: `cpu` (our own kernels), `flex` (burn), `wgpu (Vulkan)`, `cuda`.
    pub backend: String,
    /// CPU threads the run was given.
    pub threads: NonZero<usize>,
}

/// What separated the classes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// The share of coding reads that verdicts assumed.
    pub prior: PriorUsed,
    /// Coding from this posterior on.
    pub threshold: f32,
    /// Undecided inside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undecided_band: Option<[f32; 2]>,
    /// How mates were judged together.
    pub mates: Mates,
    /// Shorter reads were not scored.
    pub min_length: usize,
    /// Which letters were bases.
    #[serde(default)]
    pub letters: Letters,
    /// Which templates were taken, if not all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<Sample>,
    /// How reads were scored in windows, if they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub windows: Option<Windows>,
}

/// The share of coding reads that verdicts assumed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PriorUsed {
    /// The share, among reads of average composition.
    pub share: f64,
    /// Where it comes from.
    pub basis: Origin,
    /// How it follows the CG of a read, if it was estimated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpg: Option<Line>,
    /// The threshold, as a probability of the model, for reads of average composition.
    pub threshold_on_probability: f64,
    /// The estimated share of coding reads, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coding_share: Option<f64>,
    /// Its 95 % interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coding_share_95: Option<[f64; 2]>,
    /// How many reads it was estimated from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reads: Option<usize>,
}

impl PriorUsed {
    fn new(prior: &Prior, threshold: f32) -> Self {
        let estimate = match prior.basis {
            Basis::Estimated(estimate) => Some(estimate),
            Basis::Given | Basis::Taken | Basis::NotEstimated(_) => None,
        };
        Self {
            share: rounded(prior.share()),
            basis: Origin::from(prior.basis),
            cpg: prior.line(),
            threshold_on_probability: rounded(prior.threshold_on_probability(threshold)),
            coding_share: estimate.map(|estimate| rounded(estimate.share)),
            coding_share_95: estimate.map(|estimate| estimate.interval.map(rounded)),
            reads: estimate.map(|estimate| estimate.reads),
        }
    }

    /// The prior of another run that assumes the same; none if this is no share, or not that of its line.
    #[must_use]
    pub fn assumed(&self) -> Option<Prior> {
        const ROUNDED: f64 = 1e-5;
        let is_share = 0.0 < self.share && self.share < 1.0;
        let prior = is_share.then(|| self.cpg.map_or_else(|| Prior::given(self.share), Prior::taken));
        prior.filter(|prior| (prior.share() - self.share).abs() < ROUNDED)
    }

    /// Where the share comes from, for people.
    #[must_use]
    pub fn origin(&self) -> String {
        match self.basis {
            Origin::Given => "as given, or the model's default".to_owned(),
            Origin::Estimated => {
                format!("estimated from {}", counted(self.reads.map_or(0, |reads| reads as u64), "read"))
            }
            Origin::TooFewReads => {
                format!(
                    "too few reads to estimate it (needs at least {FEWEST} reads, or {FEWEST_LONG} long reads that hold {FEWEST} stretches of 300 bases)"
                )
            }
            Origin::Taken => "taken from the report of another run".to_owned(),
            Origin::LittleMemory => "too few reads fit into a quarter of --memory to estimate it".to_owned(),
            Origin::Unsure => "not estimated: the model is unsure of most reads".to_owned(),
            Origin::Windows => "not estimated for reads scored in windows".to_owned(),
        }
    }
}

/// A share as reports have it: no digits that mean nothing, and so few that it is read back as it was written.
fn rounded(share: f64) -> f64 {
    const DIGITS: f64 = 1e9;
    let rounded = (share * DIGITS).round() / DIGITS;
    if rounded > 0.0 && rounded < 1.0 { rounded } else { share } // a prior is neither
}

/// Where a prior comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Asked for, or the model's default.
    Given,
    /// From the reads.
    Estimated,
    /// From the report of another run.
    Taken,
    /// Not estimated: too few reads.
    TooFewReads,
    /// Not estimated: too few reads fit into the memory for it.
    LittleMemory,
    /// Not estimated: the model is unsure of most reads.
    Unsure,
    /// Not estimated: reads are scored in windows.
    Windows,
}

impl From<Basis> for Origin {
    fn from(basis: Basis) -> Self {
        match basis {
            Basis::Given => Self::Given,
            Basis::Estimated(_) => Self::Estimated,
            Basis::Taken => Self::Taken,
            Basis::NotEstimated(Reason::TooFewReads) => Self::TooFewReads,
            Basis::NotEstimated(Reason::LittleMemory) => Self::LittleMemory,
            Basis::NotEstimated(Reason::Unsure) => Self::Unsure,
            Basis::NotEstimated(Reason::Windows) => Self::Windows,
        }
    }
}

/// How reads were scored in windows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Windows {
    /// Bases from one window's start to the next one's at most.
    pub step: usize,
    /// What stood for the read.
    pub pool: Pool,
    /// A window was coding from this probability on.
    pub threshold: f32,
}

impl From<WindowsConfig> for Windows {
    fn from(WindowsConfig { step, pool, threshold }: WindowsConfig) -> Self {
        Self { step: step.get(), pool, threshold }
    }
}

/// Reads by where they went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// Records read.
    pub records: u64,
    /// Written, by class, whatever file they went to.
    #[serde(flatten)]
    pub classes: PerClass<u64>,
    /// Of the undecided: written with the non-coding reads, as they had no output of their own.
    pub undecided_with_noncoding: u64,
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
    /// Reads judged: scored ones, and their mates where mates are judged together.
    pub judged: u64,
    /// Written, but not scored: no read of the template is long enough.
    pub too_short: u64,
    /// Written, but inside the undecided band.
    pub in_undecided_band: u64,
    /// Pairs with both mates scored.
    pub pairs: u64,
    /// Those of them whose mates are of different classes, each by itself.
    pub pairs_that_disagree: u64,
    /// Scored reads whose own label is coding, whatever their mates say.
    #[serde(default)]
    pub labelled_coding: u64,
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

/// Reads that may be unlike those the model was trained on. One read may be several of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OddReads {
    /// Of less than 100 bases.
    pub short: u64,
    /// Longer than what the model reads of them.
    pub truncated: u64,
    /// The bases that the model reads of a read; absent where it reads all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reads_at_most: Option<usize>,
    /// With unknown bases at a tenth of their places or more.
    pub unknown_bases: u64,
    /// Repeats of up to six bases.
    pub low_complexity: u64,
    /// With less than 15 % or more than 80 % G and C.
    pub odd_gc: u64,
    /// Longer than 400 bases, with 2 % of errors or more by their quality scores.
    #[serde(default)]
    pub error_rich: u64,
}

/// A threshold, and what it would give.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// Coding from this probability on.
    pub threshold: f64,
    /// Reads that would be coding.
    pub coding: u64,
}

/// The spread of probabilities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// The width of a bin; bin i starts at `i * width`.
    pub bin_width: f64,
    /// Reads in each bin.
    pub counts: [u64; BINS],
}

impl Histogram {
    /// The width of a bin: [`BINS`] of them cover 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "some twenty bins")]
    const WIDTH: f64 = 1.0 / BINS as f64;

    /// Reads of which the model is unsure: their probability is neither below .1 nor from .9 on.
    pub(super) fn unsure(&self) -> u64 {
        self.counts[BINS / 10..BINS - BINS / 10].iter().sum()
    }
}

/// Reads that were also scored on a plain path. None got another label, else there would be no report.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Audit {
    /// The share of templates that was asked for.
    pub fraction: f64,
    /// Reads scored on both paths.
    pub reads: u64,
    /// The largest difference of two probabilities.
    pub largest_difference: f32,
    /// Reads so close to the threshold that rounding alone (1e-4) changes their label.
    pub ties: u64,
}

impl Audit {
    /// What it has shown, after the number of reads.
    #[must_use]
    pub fn remark(&self) -> String {
        let ties =
            if self.ties == 0 { String::new() } else { format!(" ({} at the threshold)", counted(self.ties, "tie")) };
        format!(
            "reads also scored on a plain path: same labels{ties}, largest difference {:.1e}",
            self.largest_difference
        )
    }
}

/// Coding reads by frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frames {
    /// In this order.
    pub order: [String; 6],
    /// Reads in each frame.
    pub counts: [u64; 6],
}

impl Report {
    /// Draws up the account of a run that has just ended; `seen` is what the readers counted.
    #[must_use]
    pub fn new(
        facts: Facts,
        warnings: Vec<Warning>,
        card: &Card,
        seen: &InputCounts,
        tally: &Tally,
        wall: Duration,
    ) -> Self {
        let estimate = estimate(&facts, seen, tally, wall);
        let Facts { command, threads, files, format, verdict, min_length, letters, windows, audit, scope, .. } = facts;
        // JSON holds text alone.
        let files = files.iter().map(|path| PathBuf::from(paths::text(path))).collect();
        Self {
            tool: "readseeker".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            command,
            warnings,
            model: card.clone(),
            device: Device { name: card.device.clone(), backend: card.backend.clone(), threads },
            input: Input {
                files,
                format: format.name().into(),
                stored_bytes: seen.stored_bytes.get(),
                shard: scope.slice.as_ref().map(|slice| Shard::new(slice, scope.all_stored_bytes)),
            },
            settings: Settings {
                prior: PriorUsed::new(&tally.prior, verdict.threshold),
                threshold: verdict.threshold,
                undecided_band: verdict.band.map(|(low, high)| [low, high]),
                mates: verdict.mates,
                min_length,
                letters,
                sample: scope.sample,
                windows: windows.map(Windows::from),
            },
            counts: Counts {
                // Where a run stops before the end, the reader may be ahead of what was taken: what was taken counts.
                records: match (scope.max_reads, &scope.slice) {
                    (None, None) => seen.records.get(),
                    _ => tally.written() + seen.left_out(),
                },
                classes: tally.classes.map(|group| group.reads),
                undecided_with_noncoding: tally.undecided_with_noncoding,
                without_bases: seen.without_bases.get(),
                not_sampled: seen.not_sampled.get(),
                secondary: seen.secondary.get(),
                supplementary: seen.supplementary.get(),
                followers: tally.followers,
                scored: tally.scored(),
                judged: tally.judged.iter().sum(),
                too_short: tally.too_short,
                in_undecided_band: tally.in_band,
                pairs: tally.pairs,
                pairs_that_disagree: tally.pairs_that_disagree,
                labelled_coding: tally.labelled_coding,
                orphans: seen.orphans.get(),
                hard_clipped: seen.hard_clipped.get(),
                windows: windows.map(|_| tally.windows),
                coding_windows: windows.map(|_| tally.coding_windows),
            },
            bases: tally.classes.map(|group| group.bases),
            histogram: Histogram { bin_width: Histogram::WIDTH, counts: tally.histogram },
            other_thresholds: other_thresholds(tally),
            strata: tally.strata.clone(),
            odd_reads: OddReads {
                short: tally.short,
                truncated: tally.truncated,
                reads_at_most: facts.reads_at_most,
                unknown_bases: tally.unknown,
                low_complexity: tally.repeats,
                odd_gc: tally.odd_gc,
                error_rich: tally.error_rich,
            },
            frames: tally
                .frames
                .iter()
                .any(|&n| n > 0)
                .then(|| Frames { order: Frame::ALL.map(|frame| frame.to_string()), counts: tally.frames }),
            estimate,
            audit: audit.map(|fraction| Audit {
                fraction,
                reads: tally.audit.reads,
                largest_difference: tally.audit.largest,
                ties: tally.audit.ties,
            }),
            wall_seconds: wall.as_secs_f64(),
            reads_per_second: per_second(tally.written(), wall),
            pace: None,
            peak_memory_bytes: peak_memory(),
        }
    }
}

/// What the thresholds .1 to .9 would give.
fn other_thresholds(tally: &Tally) -> Vec<Threshold> {
    let at = |tenths: usize| Threshold {
        threshold: [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9][tenths],
        coding: tally.judged[tenths * BINS / 10..].iter().sum(),
    };
    (1..10).map(at).collect()
}

/// What this run says of all of the input, if it saw a part of it.
fn estimate(facts: &Facts, seen: &InputCounts, tally: &Tally, wall: Duration) -> Option<Estimate> {
    let written = tally.written();
    let cut = facts.scope.max_reads.is_some_and(|most| written >= most);
    if !cut && facts.scope.sample.is_none_or(|sample| sample.fraction >= 1.0) {
        return None;
    }
    let (taken, read) = (written + seen.left_out(), seen.records.get());
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let ratio = |whole: u64, part: u64| whole as f64 / part as f64;
    // Readers are ahead of what a cut run takes: what they have read gives the records a byte.
    let beyond = match (cut, facts.stored_size) {
        (false, _) => 1.0,
        (true, Some(size)) => ratio(size, seen.stored_bytes.get()) * ratio(read, taken),
        (true, None) => return None,
    };
    let sampled = ratio(written + seen.not_sampled.get(), written);
    let coding = tally.classes.coding.reads;
    Estimate::from_part(&Part { reads: written, coding, verdicts: tally.verdicts, scale: sampled * beyond, wall })
}

/// The process's largest resident set so far.
pub(super) fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}
