//! How many reads go where at one threshold.

use serde::Serialize;

use super::rates::{Counted, Rates};
use super::scored::Scored;
use super::shares::{number, share_95};

/// How many coding reads are called so and how many are not, and the same of the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Confusion {
    /// Coding, called coding.
    pub true_coding: u64,
    /// Not coding, called coding.
    pub false_coding: u64,
    /// Not coding, called so.
    pub true_noncoding: u64,
    /// Coding, called non-coding.
    pub false_noncoding: u64,
}

impl Confusion {
    /// Counts reads, which are called coding from `threshold` on.
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

    /// All reads.
    #[must_use]
    pub fn reads(self) -> u64 {
        self.coding() + self.noncoding()
    }

    /// The coding ones.
    #[must_use]
    pub fn coding(self) -> u64 {
        self.true_coding + self.false_noncoding
    }

    /// The others.
    #[must_use]
    pub fn noncoding(self) -> u64 {
        self.true_noncoding + self.false_coding
    }

    /// What follows from them.
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
