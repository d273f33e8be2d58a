//! The reports of all shards of an input as one: that of a single run.

use std::collections::BTreeSet;

use super::account::{Audit, Counts, Frames, Report, Shard};
use crate::class::PerClass;
use crate::progress::per_second;
use crate::warning::Warning;

/// Why reports are not those of all shards of one input; `n` is the report at fault, by its place, from 0.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// There is none.
    #[error("there is no report")]
    None,
    /// Of a run without `--shard`.
    #[error("it is not the report of a shard")]
    NotAShard {
        /// Which report.
        n: usize,
    },
    /// Of a run of another kind.
    #[error("its {what} differs from that of the first report")]
    Other {
        /// Which report.
        n: usize,
        /// What differs.
        what: &'static str,
    },
    /// A second report of a shard.
    #[error("shard {number} is given twice")]
    Twice {
        /// Which report.
        n: usize,
        /// Which shard.
        number: u64,
    },
    /// Reports are missing.
    #[error("shard {number} of {of} is missing")]
    Missing {
        /// The first one.
        number: u64,
        /// How many there are.
        of: u64,
    },
}

impl MergeError {
    /// The report at fault, by its place, if it is one.
    #[must_use]
    pub fn report(&self) -> Option<usize> {
        match *self {
            Self::None | Self::Missing { .. } => None,
            Self::NotAShard { n } | Self::Other { n, .. } | Self::Twice { n, .. } => Some(n),
        }
    }
}

impl Report {
    /// The report of a single run on the input that these shards share. Its time is that of the slowest shard, its command
    /// that of the first.
    ///
    /// # Errors
    /// If these are not all shards of one input, each once, by the same model and settings.
    pub fn merged(reports: &[Self]) -> Result<Self, MergeError> {
        let first = reports.first().ok_or(MergeError::None)?;
        for (n, report) in reports.iter().enumerate() {
            check(first, report).map_err(|what| MergeError::Other { n, what })?;
        }
        let shards = shards(reports)?;
        let mut merged = first.clone();
        for report in &reports[1..] {
            merged.add(report);
        }
        // A report of a part stands for all of it; here all of it is there.
        (merged.input.shard, merged.estimate, merged.pace) = (None, None, None);
        merged.warnings = warnings(reports, &shards);
        merged.reads_per_second = per_second(
            merged.counts.classes.iter().map(|(_, reads)| reads).sum(),
            std::time::Duration::from_secs_f64(merged.wall_seconds.max(0.0)),
        );
        Ok(merged)
    }

    /// Adds what another shard counted.
    fn add(&mut self, other: &Self) {
        self.counts.add(&other.counts);
        self.input.stored_bytes += other.input.stored_bytes;
        self.bases = PerClass::from_fn(|class| self.bases[class] + other.bases[class]);
        self.strata.merge(&other.strata);
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

/// Finds out what sets two runs apart that should have been the same but for the shard.
fn check(first: &Report, other: &Report) -> Result<(), &'static str> {
    let part = |report: &Report| report.input.shard.map(|Shard { of, all_templates, .. }| (of, all_templates));
    let checks = [
        (first.version == other.version, "version of readseeker"),
        (first.model == other.model, "model"),
        (first.settings == other.settings, "settings"),
        ((&first.input.files, &first.input.format) == (&other.input.files, &other.input.format), "input"),
        (part(other).is_none() || part(first) == part(other), "number of shards or templates"),
    ];
    checks.into_iter().find(|(same, _)| !same).map_or(Ok(()), |(_, what)| Err(what))
}

/// The shard of each report, if they are all there.
fn shards(reports: &[Report]) -> Result<Vec<Shard>, MergeError> {
    let (mut shards, mut seen) = (Vec::new(), BTreeSet::new());
    for (n, report) in reports.iter().enumerate() {
        let shard = report.input.shard.ok_or(MergeError::NotAShard { n })?;
        if !seen.insert(shard.number) {
            return Err(MergeError::Twice { n, number: shard.number });
        }
        shards.push(shard);
    }
    let of = shards[0].of;
    match (1..=of).find(|number| !seen.contains(number)) {
        None => Ok(shards),
        Some(number) => Err(MergeError::Missing { number, of }),
    }
}

/// The warnings of all shards: each says which shard it is about, unless all say the same.
fn warnings(reports: &[Report], shards: &[Shard]) -> Vec<Warning> {
    let mut merged: Vec<Warning> = Vec::new();
    for (report, shard) in reports.iter().zip(shards) {
        for warning in &report.warnings {
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
