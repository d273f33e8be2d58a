//! The counts at every threshold: the ROC curve, and the curve of precision and recall.

use serde::Serialize;

use super::scored::Scored;
use super::shares::{Z_95, number, share};

/// The number of reads that are called coding at one threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The threshold on the probability.
    pub threshold: f32,
    /// The number of reads called coding that are coding.
    pub true_coding: u64,
    /// The number of reads called coding that are not coding.
    pub false_coding: u64,
}

/// The curve over all thresholds: a point for each probability that occurs, the highest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve(Vec<Point>);

/// The threshold with the best balanced accuracy.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Best {
    /// The threshold.
    pub threshold: f32,
    /// The balanced accuracy at the threshold.
    pub balanced_accuracy: f64,
}

impl Curve {
    /// Computes the curve of some reads.
    #[must_use]
    pub fn of(scored: &[Scored]) -> Self {
        let mut falling = scored.to_vec();
        falling.sort_unstable_by(|one, other| other.probability.total_cmp(&one.probability));
        let (mut points, mut true_coding, mut false_coding) = (Vec::new(), 0, 0);
        // `==` instead of comparing bits: 0.0 and -0.0 are one threshold.
        #[expect(clippy::float_cmp, reason = "equal probabilities are one point")]
        for equal in falling.chunk_by(|one, other| one.probability == other.probability) {
            let coding = equal.iter().filter(|read| read.is_coding).count() as u64;
            true_coding += coding;
            false_coding += equal.len() as u64 - coding;
            points.push(Point { threshold: equal[0].probability, true_coding, false_coding });
        }
        Self(points)
    }

    /// The points, with the highest threshold first.
    pub(super) fn points(&self) -> &[Point] {
        &self.0
    }

    /// The numbers of coding and of non-coding reads, if there are both.
    pub(super) fn totals(&self) -> Option<(u64, u64)> {
        let &Point { true_coding, false_coding, .. } = self.0.last()?;
        (true_coding > 0 && false_coding > 0).then_some((true_coding, false_coding))
    }

    /// The area under the ROC curve: how often a coding read has a higher probability than a non-coding one, ties
    /// counted half.
    #[must_use]
    pub fn roc_auc(&self) -> Option<f64> {
        let (coding, noncoding) = self.totals()?;
        let (mut area, mut before) = (0.0, (0, 0));
        for point in &self.0 {
            let width = number(point.false_coding - before.1);
            area += width * number(point.true_coding + before.0) / 2.0;
            before = (point.true_coding, point.false_coding);
        }
        Some(area / (number(coding) * number(noncoding)))
    }

    /// De Long's 95 % interval for the area under the ROC curve, assuming independent reads. `None` if a class has
    /// fewer than two reads or the classes do not overlap, since then their spread is unknown.
    #[must_use]
    pub fn roc_auc_95(&self) -> Option<[f64; 2]> {
        let (coding, noncoding) = self.totals().filter(|&(coding, noncoding)| coding > 1 && noncoding > 1)?;
        let (area, m, n) = (self.roc_auc()?, number(coding), number(noncoding));
        let (mut of_coding, mut of_noncoding, mut before) = (0.0, 0.0, (0, 0));
        for point in &self.0 {
            let (coding, others) = (number(point.true_coding - before.0), number(point.false_coding - before.1));
            // The share of non-coding reads that these coding reads are above, and of coding reads that these
            // non-coding reads are below.
            let below = 1.0 - (number(before.1) + others / 2.0) / n;
            let above = (number(before.0) + coding / 2.0) / m;
            of_coding += coding * (below - area).powi(2);
            of_noncoding += others * (above - area).powi(2);
            before = (point.true_coding, point.false_coding);
        }
        let reach = Z_95 * (of_coding / (m * (m - 1.0)) + of_noncoding / (n * (n - 1.0))).sqrt();
        (reach > 0.0).then(|| [(area - reach).max(0.0), (area + reach).min(1.0)])
    }

    /// Average precision: the precision at each threshold, weighted by the recall it adds.
    #[must_use]
    pub fn average_precision(&self) -> Option<f64> {
        let coding = self.0.last().map(|last| last.true_coding).filter(|&coding| coding > 0)?;
        let (mut sum, mut before) = (0.0, 0);
        for point in &self.0 {
            let called = point.true_coding + point.false_coding;
            sum += number(point.true_coding - before) * number(point.true_coding) / number(called);
            before = point.true_coding;
        }
        Some(sum / number(coding))
    }

    /// The threshold with the best balanced accuracy; the highest one of several.
    #[must_use]
    pub fn best(&self) -> Option<Best> {
        let (coding, noncoding) = self.totals()?;
        let balanced = |point: &Point| {
            let false_share = number(point.false_coding) / number(noncoding);
            f64::midpoint(number(point.true_coding) / number(coding), 1.0 - false_share)
        };
        let best = self.0.iter().map(|point| Best { threshold: point.threshold, balanced_accuracy: balanced(point) });
        best.reduce(|best, next| if next.balanced_accuracy > best.balanced_accuracy { next } else { best })
    }

    /// About `most` points of the ROC curve at most, from (0, 0) to (1, 1): false positive rate, true positive rate.
    #[must_use]
    pub fn roc(&self, most: usize) -> Vec<[f64; 2]> {
        let Some((coding, noncoding)) = self.totals() else { return Vec::new() };
        let shares = |point: &Point| Some([share(point.false_coding, noncoding)?, share(point.true_coding, coding)?]);
        std::iter::once([0.0, 0.0]).chain(self.thinned(most).filter_map(shares)).collect()
    }

    /// About `most` points of the precision-recall curve at most: recall, precision.
    #[must_use]
    pub fn precision_recall(&self, most: usize) -> Vec<[f64; 2]> {
        let Some((coding, _)) = self.totals() else { return Vec::new() };
        let shares = |point: &Point| {
            Some([share(point.true_coding, coding)?, share(point.true_coding, point.true_coding + point.false_coding)?])
        };
        self.thinned(most).filter_map(shares).collect()
    }

    /// Every n-th point, and the last one.
    fn thinned(&self, most: usize) -> impl Iterator<Item = &Point> {
        let step = self.0.len().div_ceil(most.max(1)).max(1);
        let last = self.0.len().saturating_sub(1);
        self.0.iter().enumerate().filter(move |(n, _)| n % step == 0 || *n == last).map(|(_, point)| point)
    }
}
