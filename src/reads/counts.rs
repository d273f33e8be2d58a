//! What is counted, and warned of, while reads are read.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::warning::Warning;

/// How many kinds of things are counted.
const COUNTS: usize = 8;

/// What the readers saw and left out: shared with the progress bar and the report while the run goes on.
#[derive(Debug, Default)]
pub struct InputCounts {
    /// Records read from the input, those left out included.
    pub records: Count,
    /// Secondary alignments left out (SAM flag 0x100).
    pub secondary: Count,
    /// Supplementary alignments left out (SAM flag 0x800, not 0x100).
    pub supplementary: Count,
    /// Records dropped because they have no bases (SEQ `*`, empty FASTQ records).
    pub without_bases: Count,
    /// Records kept whose CIGAR has hard clips: those bases are lost to the input already.
    pub hard_clipped: Count,
    /// Mates (READ1 or READ2) whose other mate is not in the input.
    pub orphans: Count,
    /// Records of templates that a sample did not take.
    pub not_sampled: Count,
    /// Bytes of the files as stored (compressed) whose content is used, all inputs together.
    pub stored_bytes: Count,
    /// What whoever started the run should know of the files.
    warnings: Mutex<Vec<Warning>>,
    /// The file that has had nothing to give for some time.
    waiting_for: Mutex<Option<PathBuf>>,
}

impl InputCounts {
    /// All of them, in one order.
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

    /// The sums so far.
    pub(crate) fn sums(&self) -> [u64; COUNTS] {
        self.all().map(Count::get)
    }

    /// Adds what others counted between two of their sums.
    pub(crate) fn add(&self, after: [u64; COUNTS], before: [u64; COUNTS]) {
        for (count, (after, before)) in self.all().into_iter().zip(after.into_iter().zip(before)) {
            count.add(after - before);
        }
    }

    /// Adds a warning.
    pub(super) fn warn(&self, warning: Warning) {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(warning);
    }

    /// Says which file is waited for, if one is.
    pub(super) fn waits_for(&self, path: Option<&Path>) {
        *self.waiting_for.lock().unwrap_or_else(PoisonError::into_inner) = path.map(Path::to_owned);
    }

    /// The file that has had nothing to give for some seconds, if there is one.
    #[must_use]
    pub fn waiting_for(&self) -> Option<PathBuf> {
        self.waiting_for.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The warnings so far, in the order they came.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Records that are no reads of their own, or in no sample: not written but to BAM, where they follow their template.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.secondary.get() + self.supplementary.get() + self.without_bases.get() + self.not_sampled.get()
    }
}

/// A relaxed counter: a stage adds, the progress bar and the report read.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// Adds `n`.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// The sum so far.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
