//! The full report of a run as data.

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

/// What a run knows before its first read.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The command line.
    pub command: Vec<String>,
    /// The number of CPU threads given to the run.
    pub threads: NonZero<usize>,
    /// The input files, `-` for stdin.
    pub files: Vec<PathBuf>,
    /// The format of the files.
    pub format: Format,
    /// The stored bytes of the files, if known.
    pub stored_size: Option<u64>,
    /// The rules that separate the classes.
    pub verdict: VerdictConfig,
    /// The fewest bases of a read that is scored.
    pub min_length: usize,
    /// Which letters count as bases.
    pub letters: Letters,
    /// How reads are scored in windows; `None` if they are not.
    pub windows: Option<WindowsConfig>,
    /// The most bases of a read that the model sees, if not all.
    pub reads_at_most: Option<usize>,
    /// The share of templates that are also scored on a plain path, if any.
    pub audit: Option<f64>,
    /// The part of the input that the run takes.
    pub scope: Scope,
}

/// The part of the input that a run takes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    /// The number of reads after which to stop.
    pub max_reads: Option<u64>,
    /// The sample of templates to take.
    pub sample: Option<Sample>,
    /// The shard whose templates are taken.
    pub slice: Option<Slice>,
    /// The stored bytes of all files, if known.
    pub all_stored_bytes: Option<u64>,
}

/// The full report of a run. The names of its fields are those of the JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Always `readseeker`.
    pub tool: Cow<'static, str>,
    /// The version of this crate.
    pub version: Cow<'static, str>,
    /// The command line.
    pub command: Vec<String>,
    /// Warnings for the user.
    pub warnings: Vec<Warning>,
    /// The model that ran.
    pub model: Card,
    /// The device that ran the model.
    pub device: Device,
    /// What was read.
    pub input: Input,
    /// The settings that separated the classes.
    pub settings: Settings,
    /// Reads by class: `records = coding + noncoding + undecided + without_bases + not_sampled + secondary + supplementary`.
    pub counts: Counts,
    /// Bases of the written reads, by class.
    pub bases: PerClass<u64>,
    /// Scored reads by probability.
    pub histogram: Histogram,
    /// The numbers of reads that would be coding at other thresholds, with the same rule for mates and without an
    /// undecided band.
    pub other_thresholds: Vec<Threshold>,
    /// Reads by length and GC content, and those that models are weak on.
    #[serde(default)]
    pub strata: Strata,
    /// Reads that may be unlike those the model was trained on.
    #[serde(default)]
    pub odd_reads: OddReads,
    /// Scored reads of the coding class by frame; absent if the model predicts no frames.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frames: Option<Frames>,
    /// The estimate for a run on all of the input; absent if this run was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Estimate>,
    /// The comparison with a plain path; absent without `--audit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit: Option<Audit>,
    /// Wall time of the whole run.
    pub wall_seconds: f64,
    /// Reads written per second of wall time.
    pub reads_per_second: u64,
    /// Reads written in equal spans of time; absent for a run of a few seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pace: Option<Pace>,
    /// The peak memory of the process; absent if the system does not report it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_memory_bytes: Option<u64>,
}

/// The input that was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// The files, `-` for stdin.
    pub files: Vec<PathBuf>,
    /// `BAM`, `SAM`, `CRAM`, `FASTQ` or `FASTA`.
    pub format: Cow<'static, str>,
    /// Stored bytes of the files that were read.
    pub stored_bytes: u64,
    /// The shard of the input that the run took; absent if it took all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
}

/// The shard of the input that a run took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shard {
    /// The number of the shard, from 1.
    pub number: u64,
    /// The number of shards.
    pub of: u64,
    /// The first template of the shard, counted from 1.
    pub first_template: u64,
    /// The number of templates in the shard.
    pub templates: u64,
    /// The number of templates in the input.
    pub all_templates: u64,
    /// The stored bytes of the input; absent if unknown.
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

/// The device that ran the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Device {
    /// The name of the device for people: `CPU (2 threads, AVX-512)`, `NVIDIA A40`.
    pub name: String,
    /// The software that drives it: `cpu` (our own kernels), `flex` (burn), `wgpu (Vulkan)`, `cuda`.
    pub backend: String,
    /// The number of CPU threads given to the run.
    pub threads: NonZero<usize>,
}

/// The settings that separated the classes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// The share of coding reads that verdicts assumed.
    pub prior: PriorUsed,
    /// The least posterior of a coding read.
    pub threshold: f32,
    /// Posteriors in this band are undecided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undecided_band: Option<[f32; 2]>,
    /// How mates were judged together.
    pub mates: Mates,
    /// The fewest bases of a read that was scored.
    pub min_length: usize,
    /// Which letters counted as bases.
    #[serde(default)]
    pub letters: Letters,
    /// The sample of templates that was taken, if not all were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<Sample>,
    /// How reads were scored in windows; absent if they were not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub windows: Option<Windows>,
}

/// The share of coding reads that verdicts assumed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PriorUsed {
    /// The share, among reads of average composition.
    pub share: f64,
    /// Where the share comes from.
    pub basis: Origin,
    /// How the share depends on the CG of a read, if it was estimated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpg: Option<Line>,
    /// The threshold, as a probability of the model, for reads of average composition.
    pub threshold_on_probability: f64,
    /// The estimated share of coding reads, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coding_share: Option<f64>,
    /// The 95 % interval of the estimated share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coding_share_95: Option<[f64; 2]>,
    /// The number of reads it was estimated from.
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

    /// The prior for another run that assumes the same. `None` if `share` is not between 0 and 1, or does not fit
    /// `cpg`.
    #[must_use]
    pub fn assumed(&self) -> Option<Prior> {
        const ROUNDED: f64 = 1e-5;
        let is_share = 0.0 < self.share && self.share < 1.0;
        let prior = is_share.then(|| self.cpg.map_or_else(|| Prior::given(self.share), Prior::taken));
        prior.filter(|prior| (prior.share() - self.share).abs() < ROUNDED)
    }

    /// Describes where the share comes from.
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

/// Rounds a share for reports: without meaningless digits, and so that it is read back exactly as written.
fn rounded(share: f64) -> f64 {
    const DIGITS: f64 = 1e9;
    let rounded = (share * DIGITS).round() / DIGITS;
    if rounded > 0.0 && rounded < 1.0 { rounded } else { share } // a prior is neither 0 nor 1
}

/// Where the assumed share of coding reads comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Given, or the model's default.
    Given,
    /// Estimated from the reads.
    Estimated,
    /// Taken from the report of another run.
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
    /// The most bases from the start of one window to the start of the next.
    pub step: usize,
    /// How the windows' probabilities were pooled.
    pub pool: Pool,
    /// The least probability of a coding window.
    pub threshold: f32,
}

impl From<WindowsConfig> for Windows {
    fn from(WindowsConfig { step, pool, threshold }: WindowsConfig) -> Self {
        Self { step: step.get(), pool, threshold }
    }
}

/// Counts of reads and records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// The number of records read.
    pub records: u64,
    /// Reads written, by class, whatever file they went to.
    #[serde(flatten)]
    pub classes: PerClass<u64>,
    /// Undecided reads written with the non-coding reads, for lack of files of their own.
    pub undecided_with_noncoding: u64,
    /// Records left out because they have no bases.
    pub without_bases: u64,
    /// Records left out because `--sample` did not take their template.
    pub not_sampled: u64,
    /// Secondary alignments left out.
    pub secondary: u64,
    /// Supplementary alignments left out.
    pub supplementary: u64,
    /// Records without bases, secondary or supplementary, that were written to BAM outputs with their template after
    /// all.
    pub followers: u64,
    /// Reads scored by the model.
    pub scored: u64,
    /// Reads judged: the scored ones, and their mates if mates are judged together.
    pub judged: u64,
    /// Reads written without a score: no read of their template is long enough.
    pub too_short: u64,
    /// Reads written inside the undecided band.
    pub in_undecided_band: u64,
    /// Pairs with both mates scored.
    pub pairs: u64,
    /// Pairs whose mates are of different classes, each judged by itself.
    pub pairs_that_disagree: u64,
    /// Scored reads whose own label is coding, regardless of their mates.
    #[serde(default)]
    pub labelled_coding: u64,
    /// Mates whose other mate is not in the input.
    pub orphans: u64,
    /// Reads of which the input holds only a part.
    pub hard_clipped: u64,
    /// Windows scored; absent if reads were scored whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub windows: Option<u64>,
    /// Windows that are coding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coding_windows: Option<u64>,
}

/// Reads that may be unlike those the model was trained on. One read may be several of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OddReads {
    /// Reads shorter than 100 bases.
    pub short: u64,
    /// Reads longer than the part of them that the model sees.
    pub truncated: u64,
    /// The most bases of a read that the model sees; absent if it sees all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reads_at_most: Option<usize>,
    /// Reads with at least a tenth of unknown bases.
    pub unknown_bases: u64,
    /// Reads that repeat up to six bases.
    pub low_complexity: u64,
    /// Reads with a GC content below 15 % or above 80 %.
    pub odd_gc: u64,
    /// Reads longer than 400 bases with at least 2 % errors according to their quality scores.
    #[serde(default)]
    pub error_rich: u64,
}

/// A threshold, and what it would result in.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// The least posterior of a coding read.
    pub threshold: f64,
    /// The number of reads that would be coding.
    pub coding: u64,
}

/// The distribution of probabilities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// The width of a bin; bin i starts at `i * width`.
    pub bin_width: f64,
    /// The number of reads in each bin.
    pub counts: [u64; BINS],
}

impl Histogram {
    /// The width of a bin: [`BINS`] bins cover 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "some twenty bins")]
    const WIDTH: f64 = 1.0 / BINS as f64;

    /// Reads of which the model is unsure, with a probability from 0.1 to below 0.9.
    pub(super) fn unsure(&self) -> u64 {
        self.counts[BINS / 10..BINS - BINS / 10].iter().sum()
    }
}

/// The comparison of reads that were also scored on a plain path. All got the same label, else there would be no
/// report.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Audit {
    /// The share of templates that was to be audited.
    pub fraction: f64,
    /// Reads scored on both paths.
    pub reads: u64,
    /// The largest difference between two probabilities.
    pub largest_difference: f32,
    /// Reads so close to the threshold that rounding alone (1e-4) changes their label.
    pub ties: u64,
}

impl Audit {
    /// Describes the result; it follows the number of reads.
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
    /// The frames in the order of `counts`.
    pub order: [String; 6],
    /// The number of reads in each frame.
    pub counts: [u64; 6],
}

impl Report {
    /// Creates the report of a run that has just ended; `seen` holds the counts of the readers.
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
        // JSON can only hold text.
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
                // If a run stops early, the readers may be ahead; only what was taken counts.
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

/// The results of the thresholds 0.1 to 0.9.
fn other_thresholds(tally: &Tally) -> Vec<Threshold> {
    let at = |tenths: usize| Threshold {
        threshold: [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9][tenths],
        coding: tally.judged[tenths * BINS / 10..].iter().sum(),
    };
    (1..10).map(at).collect()
}

/// The estimate for all of the input, if this run took only a part.
fn estimate(facts: &Facts, seen: &InputCounts, tally: &Tally, wall: Duration) -> Option<Estimate> {
    let written = tally.written();
    let cut = facts.scope.max_reads.is_some_and(|most| written >= most);
    if !cut && facts.scope.sample.is_none_or(|sample| sample.fraction >= 1.0) {
        return None;
    }
    let (taken, read) = (written + seen.left_out(), seen.records.get());
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let ratio = |whole: u64, part: u64| whole as f64 / part as f64;
    // Readers are ahead of what a run that stops early takes: what they have read gives the records per byte.
    let beyond = match (cut, facts.stored_size) {
        (false, _) => 1.0,
        (true, Some(size)) => ratio(size, seen.stored_bytes.get()) * ratio(read, taken),
        (true, None) => return None,
    };
    let sampled = ratio(written + seen.not_sampled.get(), written);
    let coding = tally.classes.coding.reads;
    Estimate::from_part(&Part { reads: written, coding, verdicts: tally.verdicts, scale: sampled * beyond, wall })
}

/// The peak memory of the process: its largest resident set so far.
pub(super) fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}
