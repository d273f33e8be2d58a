//! How many reads go where at one threshold, and what follows from those four numbers.

use serde::Serialize;

use super::scored::Scored;
use super::shares::{number, share};

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

    fn right(self) -> u64 {
        self.true_coding + self.true_noncoding
    }

    pub(super) fn accuracy(self) -> Option<f64> {
        share(self.right(), self.reads())
    }

    pub(super) fn accuracy_95(self) -> Option<[f64; 2]> {
        wilson(self.right(), self.reads())
    }

    pub(super) fn recall(self) -> Option<f64> {
        share(self.true_coding, self.coding())
    }

    pub(super) fn specificity(self) -> Option<f64> {
        share(self.true_noncoding, self.noncoding())
    }

    pub(super) fn balanced_accuracy(self) -> Option<f64> {
        Some(f64::midpoint(self.recall()?, self.specificity()?))
    }

    pub(super) fn precision(self) -> Option<f64> {
        share(self.true_coding, self.true_coding + self.false_coding)
    }

    pub(super) fn f1(self) -> Option<f64> {
        let right = 2 * self.true_coding;
        share(right, right + self.false_coding + self.false_noncoding)
    }

    pub(super) fn mcc(self) -> Option<f64> {
        let Self { true_coding, false_coding, true_noncoding, false_noncoding } = self;
        let [tp, fp, tn, fal] = [true_coding, false_coding, true_noncoding, false_noncoding].map(number);
        let product = (tp + fp) * (tp + fal) * (tn + fp) * (tn + fal);
        (product > 0.0).then(|| (tp * tn - fp * fal) / product.sqrt())
    }
}

/// Wilson's interval of 95 % for a share.
fn wilson(part: u64, whole: u64) -> Option<[f64; 2]> {
    const Z: f64 = 1.959_963_984_540_054;
    let (share, n) = (share(part, whole)?, number(whole));
    let middle = share + Z * Z / (2.0 * n);
    let reach = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    Some([(middle - reach) / scale, (middle + reach) / scale])
}
