//! The confusion matrix at one threshold.

use serde::Serialize;

use super::rates::{Counted, Rates};
use super::scored::Scored;
use super::shares::{number, share_95};

/// The numbers of coding and non-coding reads that are called right and wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Confusion {
    /// Coding reads called coding.
    pub true_coding: u64,
    /// Non-coding reads called coding.
    pub false_coding: u64,
    /// Non-coding reads called non-coding.
    pub true_noncoding: u64,
    /// Coding reads called non-coding.
    pub false_noncoding: u64,
}

impl Confusion {
    /// Counts reads; those with a probability of at least `threshold` are called coding.
    #[must_use]
    pub fn at(scored: &[Scored], threshold: f32) -> Self {
        let mut confusion = Self::default();
        for read in scored {
            *match (read.is_coding, read.probability >= threshold) {
                (true, true) => &mut confusion.true_coding,
                (false, true) => &mut confusion.false_coding,
                (false, false) => &mut confusion.true_noncoding,
                (true, false) => &mut confusion.false_noncoding,
            } += 1;
        }
        confusion
    }

    /// The number of all reads.
    #[must_use]
    pub fn reads(self) -> u64 {
        self.coding() + self.noncoding()
    }

    /// The number of coding reads.
    #[must_use]
    pub fn coding(self) -> u64 {
        self.true_coding + self.false_noncoding
    }

    /// The number of non-coding reads.
    #[must_use]
    pub fn noncoding(self) -> u64 {
        self.true_noncoding + self.false_coding
    }

    /// The measures that follow from these counts.
    #[must_use]
    pub fn rates(self) -> Rates {
        let Self { true_coding, false_coding, true_noncoding, false_noncoding } = self;
        Counted {
            true_coding: number(true_coding),
            false_coding: number(false_coding),
            true_noncoding: number(true_noncoding),
            false_noncoding: number(false_noncoding),
        }
        .rates()
    }

    pub(super) fn accuracy_95(self) -> Option<[f64; 2]> {
        share_95(self.true_coding + self.true_noncoding, self.reads())
    }

    pub(super) fn precision_95(self) -> Option<[f64; 2]> {
        share_95(self.true_coding, self.true_coding + self.false_coding)
    }

    pub(super) fn recall_95(self) -> Option<[f64; 2]> {
        share_95(self.true_coding, self.coding())
    }

    pub(super) fn specificity_95(self) -> Option<[f64; 2]> {
        share_95(self.true_noncoding, self.noncoding())
    }
}
