//! Counts and warnings that arise while reads are read.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::warning::Warning;

/// The number of counters.
const COUNTS: usize = 8;

/// Counts of what the readers saw and left out, shared with the progress bar and the report during the run.
#[derive(Debug, Default)]
pub struct InputCounts {
    /// Records read from the input, including those left out.
    pub records: Count,
    /// Secondary alignments left out (SAM flag 0x100).
    pub secondary: Count,
    /// Supplementary alignments left out (SAM flag 0x800, not 0x100).
    pub supplementary: Count,
    /// Records dropped because they have no bases (SEQ `*`, empty FASTQ records).
    pub without_bases: Count,
    /// Records kept whose CIGAR has hard clips: the input has lost these bases already.
    pub hard_clipped: Count,
    /// Mates (READ1 or READ2) whose other mate is not in the input.
    pub orphans: Count,
    /// Records of templates that a sample did not take.
    pub not_sampled: Count,
    /// Stored (compressed) bytes of all input files whose content has been used.
    pub stored_bytes: Count,
    /// Warnings about the files, for the user.
    warnings: Mutex<Vec<Warning>>,
    /// The file that has had no data for some time.
    waiting_for: Mutex<Option<PathBuf>>,
}

impl InputCounts {
    /// All counters, in a fixed order.
    fn all(&self) -> [&Count; COUNTS] {
        let Self {
            records,
            secondary,
            supplementary,
            without_bases,
            hard_clipped,
            orphans,
            not_sampled,
            stored_bytes,
            warnings: _,
            waiting_for: _,
        } = self;
        [records, secondary, supplementary, without_bases, hard_clipped, orphans, not_sampled, stored_bytes]
    }

    /// The values of all counters so far.
    pub(crate) fn sums(&self) -> [u64; COUNTS] {
        self.all().map(Count::get)
    }

    /// Adds what other counters counted between two snapshots of their sums.
    pub(crate) fn add(&self, after: [u64; COUNTS], before: [u64; COUNTS]) {
        for (count, (after, before)) in self.all().into_iter().zip(after.into_iter().zip(before)) {
            count.add(after - before);
        }
    }

    /// Adds a warning.
    pub(super) fn warn(&self, warning: Warning) {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(warning);
    }

    /// Sets or clears the file that is waited for.
    pub(super) fn waits_for(&self, path: Option<&Path>) {
        *self.waiting_for.lock().unwrap_or_else(PoisonError::into_inner) = path.map(Path::to_owned);
    }

    /// The file that has had no data for some seconds, if any.
    #[must_use]
    pub fn waiting_for(&self) -> Option<PathBuf> {
        self.waiting_for.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The warnings so far, in the order they arose.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Records left out: secondary, supplementary, without bases or not sampled. Of these, BAM outputs hold the ones
    /// whose template is written.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.secondary.get() + self.supplementary.get() + self.without_bases.get() + self.not_sampled.get()
    }
}

/// A counter with relaxed ordering: a stage adds, the progress bar and the report read.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// Adds `n` to the count.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// The sum so far.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
