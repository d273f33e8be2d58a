//! Merges the reports of all shards of an input into that of a single run.

use std::time::Duration;

use super::account::{Audit, Counts, Frames, OddReads, Report, Shard};
use super::fit;
use crate::class::PerClass;
use crate::estimate::{Estimate, Part};
use crate::progress::per_second;
use crate::warning::Warning;

/// Why reports are not those of all shards of one input; `n` is the index of the report at fault, from 0.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// There are no reports.
    #[error("there is no report")]
    None,
    /// A report is of a run without `--shard`.
    #[error("it is not the report of a shard")]
    NotAShard {
        /// The index of the report.
        n: usize,
    },
    /// A report is of a run with another version, model, input or other settings.
    #[error("it does not have the {what} of the first report")]
    Other {
        /// The index of the report.
        n: usize,
        /// What differs.
        what: &'static str,
    },
    /// There are two reports of one shard.
    #[error("shard {number} is given twice")]
    Twice {
        /// The index of the report.
        n: usize,
        /// The number of the shard.
        number: u64,
    },
    /// The shards were cut in different ways.
    #[error("shard {number} does not begin where the one before it ends: use the same --index for all shards, or none")]
    Apart {
        /// The index of the report.
        n: usize,
        /// The number of the shard.
        number: u64,
    },
    /// Reports of shards are missing.
    #[error("shard {number} of {of} is missing")]
    Missing {
        /// The number of the first missing shard.
        number: u64,
        /// The number of shards.
        of: u64,
    },
}

impl MergeError {
    /// The index of the report at fault, if there is one.
    #[must_use]
    pub fn report(&self) -> Option<usize> {
        match *self {
            Self::None | Self::Missing { .. } => None,
            Self::NotAShard { n } | Self::Other { n, .. } | Self::Twice { n, .. } | Self::Apart { n, .. } => Some(n),
        }
    }
}

impl Report {
    /// Merges the reports of the shards of an input into that of a single run. Its time is that of the slowest shard,
    /// its command that of the first report.
    ///
    /// # Errors
    /// If these are not the reports of all shards of one input, once each, with the same model and settings.
    pub fn merged(reports: &[Self]) -> Result<Self, MergeError> {
        let first = reports.first().ok_or(MergeError::None)?;
        // This is checked first, as reports of whole runs differ in many irrelevant ways.
        if let Some(n) = reports.iter().position(|report| report.input.shard.is_none()) {
            return Err(MergeError::NotAShard { n });
        }
        for (n, report) in reports.iter().enumerate() {
            check(first, report).map_err(|what| MergeError::Other { n, what })?;
        }
        let shards = shards(reports)?;
        let mut merged = first.clone();
        for report in &reports[1..] {
            merged.add(report);
        }
        merged.input.stored_bytes = shards[0].all_stored_bytes.unwrap_or(merged.input.stored_bytes);
        (merged.input.shard, merged.pace) = (None, None);
        merged.estimate = estimate(reports, &merged);
        merged.warnings = warnings(reports, &shards);
        merged.warnings.extend(fit::warnings(&merged));
        merged.reads_per_second = per_second(
            merged.counts.classes.iter().map(|(_, reads)| reads).sum(),
            Duration::from_secs_f64(merged.wall_seconds.max(0.0)),
        );
        Ok(merged)
    }

    /// Adds the counts of another shard.
    fn add(&mut self, other: &Self) {
        self.counts.add(&other.counts);
        self.input.stored_bytes += other.input.stored_bytes;
        self.bases = PerClass::from_fn(|class| self.bases[class] + other.bases[class]);
        self.strata.merge(&other.strata);
        self.odd_reads.add(&other.odd_reads);
        add_all(&mut self.histogram.counts, &other.histogram.counts);
        for (own, other) in self.other_thresholds.iter_mut().zip(&other.other_thresholds) {
            own.coding += other.coding;
        }
        match (&mut self.frames, &other.frames) {
            (Some(Frames { counts, .. }), Some(other)) => add_all(counts, &other.counts),
            (None, Some(other)) => self.frames = Some(other.clone()),
            (_, None) => {}
        }
        self.audit = match (self.audit, other.audit) {
            (Some(own), Some(other)) => Some(own.with(other)),
            (own, other) => own.or(other),
        };
        self.wall_seconds = self.wall_seconds.max(other.wall_seconds);
        self.peak_memory_bytes = self.peak_memory_bytes.max(other.peak_memory_bytes);
        self.device.threads = self.device.threads.max(other.device.threads);
        if !self.device.name.split("; ").any(|name| name == other.device.name) {
            self.device.name = format!("{}; {}", self.device.name, other.device.name);
        }
    }
}

impl OddReads {
    fn add(&mut self, other: &Self) {
        let Self { short, truncated, reads_at_most: _, unknown_bases, low_complexity, odd_gc, error_rich } = other;
        self.short += short;
        self.truncated += truncated;
        self.unknown_bases += unknown_bases;
        self.low_complexity += low_complexity;
        self.odd_gc += odd_gc;
        self.error_rich += error_rich;
    }
}

impl Audit {
    fn with(self, other: Self) -> Self {
        Self {
            fraction: self.fraction,
            reads: self.reads + other.reads,
            largest_difference: self.largest_difference.max(other.largest_difference),
            ties: self.ties + other.ties,
        }
    }
}

impl Counts {
    fn add(&mut self, other: &Self) {
        let classes = PerClass::from_fn(|class| self.classes[class] + other.classes[class]);
        let either =
            |one: Option<u64>, other: Option<u64>| one.into_iter().chain(other).reduce(|one, other| one + other);
        *self = Self {
            records: self.records + other.records,
            classes,
            undecided_with_noncoding: self.undecided_with_noncoding + other.undecided_with_noncoding,
            without_bases: self.without_bases + other.without_bases,
            not_sampled: self.not_sampled + other.not_sampled,
            secondary: self.secondary + other.secondary,
            supplementary: self.supplementary + other.supplementary,
            followers: self.followers + other.followers,
            scored: self.scored + other.scored,
            judged: self.judged + other.judged,
            too_short: self.too_short + other.too_short,
            in_undecided_band: self.in_undecided_band + other.in_undecided_band,
            pairs: self.pairs + other.pairs,
            pairs_that_disagree: self.pairs_that_disagree + other.pairs_that_disagree,
            labelled_coding: self.labelled_coding + other.labelled_coding,
            orphans: self.orphans + other.orphans,
            hard_clipped: self.hard_clipped + other.hard_clipped,
            windows: either(self.windows, other.windows),
            coding_windows: either(self.coding_windows, other.coding_windows),
        };
    }
}

fn add_all(counts: &mut [u64], others: &[u64]) {
    for (count, other) in counts.iter_mut().zip(others) {
        *count += other;
    }
}

/// Checks that two runs agree in everything but their shards.
fn check(first: &Report, other: &Report) -> Result<(), &'static str> {
    let part = |report: &Report| report.input.shard.map(|Shard { of, all_templates, .. }| (of, all_templates));
    let fraction = |report: &Report| report.audit.map(|audit| audit.fraction);
    let checks = [
        (first.version == other.version, "version of readseeker"),
        (first.model == other.model, "model"),
        (first.settings == other.settings, "settings"),
        (fraction(first) == fraction(other), "audit"),
        ((&first.input.files, &first.input.format) == (&other.input.files, &other.input.format), "input"),
        (part(other).is_none() || part(first) == part(other), "number of shards or templates"),
    ];
    checks.into_iter().find(|(same, _)| !same).map_or(Ok(()), |(_, what)| Err(what))
}

/// The shard of each report, if all shards are there and follow each other without gaps.
fn shards(reports: &[Report]) -> Result<Vec<Shard>, MergeError> {
    let mut shards = Vec::new();
    for (n, report) in reports.iter().enumerate() {
        shards.push(report.input.shard.ok_or(MergeError::NotAShard { n })?);
    }
    let mut in_order: Vec<(usize, Shard)> = shards.iter().copied().enumerate().collect();
    in_order.sort_by_key(|(_, shard)| shard.number);
    let (mut next, mut first_template) = (1, 1);
    for (n, shard) in in_order {
        if shard.number < next {
            return Err(MergeError::Twice { n, number: shard.number });
        }
        if shard.number > next {
            return Err(MergeError::Missing { number: next, of: shard.of });
        }
        if shard.first_template != first_template {
            return Err(MergeError::Apart { n, number: shard.number });
        }
        (next, first_template) = (next + 1, first_template + shard.templates);
    }
    match shards[0].of {
        of if next <= of => Err(MergeError::Missing { number: next, of }),
        _ => Ok(shards),
    }
}

/// The estimate from samples of all shards; `None` if these are not samples. A shard in which the sample took nothing
/// has no estimate of its own.
fn estimate(reports: &[Report], merged: &Report) -> Option<Estimate> {
    let each = reports.iter().filter_map(|report| report.estimate.as_ref());
    let verdicts = each.map(|estimate| estimate.verdicts).reduce(|one, other| one + other)?;
    let reads = merged.counts.classes.iter().map(|(_, reads)| reads).sum();
    Estimate::from_part(&Part {
        reads,
        coding: merged.counts.classes.coding,
        verdicts,
        scale: ratio(reads + merged.counts.not_sampled, reads),
        wall: Duration::from_secs_f64(merged.wall_seconds.max(0.0)),
    })
}

#[expect(clippy::cast_precision_loss, reason = "an estimate")]
fn ratio(whole: u64, part: u64) -> f64 {
    whole as f64 / part as f64
}

/// The warnings of all shards, except those that follow from sums. Each names its shard, unless all shards have the
/// same.
fn warnings(reports: &[Report], shards: &[Shard]) -> Vec<Warning> {
    let mut merged: Vec<Warning> = Vec::new();
    for (report, shard) in reports.iter().zip(shards) {
        for warning in report.warnings.iter().filter(|warning| !fit::is_of_sums(report, warning)) {
            let by_all = reports.iter().all(|other| other.warnings.contains(warning));
            let message =
                if by_all { warning.to_string() } else { format!("shard {} of {}: {warning}", shard.number, shard.of) };
            let warning = Warning::Reported { code: warning.code().to_owned(), message };
            if !merged.contains(&warning) {
                merged.push(warning);
            }
        }
    }
    merged
}
