//! The sums of a run for its report: reads and bases by class and reason, the distribution of probabilities, the
//! frames.

mod errors;
mod strata;

pub use errors::LONG;
pub use strata::{Strata, Stratum, Weak};

use crate::class::{Class, PerClass};
use crate::composition;
use crate::prediction::{Frame, Prediction};
use crate::prior::Prior;
use crate::reads::{Mate, Record};
use crate::verdict::{Reason, Verdict};
use crate::windows::Summary;

/// Bins of the probability histogram.
pub const BINS: usize = 20;

/// Reads shorter than this are hard to judge: below it, the model's accuracy drops quickly.
pub const SHORT: usize = 100;

/// The sums of a run, or of part of one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Reads by class, whatever file they went to.
    pub classes: PerClass<Group>,
    /// Undecided reads written to the non-coding files, for lack of files of their own.
    pub undecided_with_noncoding: u64,
    /// Pairs with both mates scored.
    pub pairs: u64,
    /// Pairs whose mates are of different classes, each judged by itself.
    pub pairs_that_disagree: u64,
    /// Scored reads that are coding by themselves, whatever their mates say.
    pub labelled_coding: u64,
    /// Reads shorter than [`SHORT`] bases.
    pub short: u64,
    /// Reads longer than the part of them that the model sees.
    pub truncated: u64,
    /// Reads with many unknown bases.
    pub unknown: u64,
    /// Reads that repeat a few bases.
    pub repeats: u64,
    /// Reads with a GC content that few genomes have.
    pub odd_gc: u64,
    /// Long reads with many errors according to their quality scores.
    pub error_rich: u64,
    /// Reads by length and by GC content.
    pub strata: Strata,
    /// Reads by the posterior that decides their verdict, in bins like those of `histogram`.
    pub judged: [u64; BINS],
    /// The number of verdicts: mates judged together share one.
    pub verdicts: u64,
    /// Reads of templates that could not be scored, wherever they went.
    pub too_short: u64,
    /// Reads of templates inside the undecided band, wherever they went.
    pub in_band: u64,
    /// Records that are no reads of their own (secondary, supplementary or without bases) written to BAM outputs.
    pub followers: u64,
    /// Scored reads by probability: bin i holds `i/20 <= p < (i+1)/20`; the last one includes 1.0.
    pub histogram: [u64; BINS],
    /// Scored reads of the coding class by their own frame, in the order of [`Frame::ALL`]. All zero if the model
    /// predicts no frames.
    pub frames: [u64; 6],
    /// Windows scored; 0 if reads are scored whole.
    pub windows: u64,
    /// Windows that are coding.
    pub coding_windows: u64,
    /// Reads that were also scored on a plain path.
    pub audit: Audit,
    /// The share of coding reads that verdicts assumed.
    pub prior: Prior,
}

/// The comparison of reads that were scored on a second path.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Audit {
    /// The number of reads compared.
    pub reads: u64,
    /// The largest difference between two probabilities.
    pub largest: f32,
    /// Reads so close to the threshold that rounding alone changes their label.
    pub ties: u64,
}

/// The size of a group of reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// The number of reads.
    pub reads: u64,
    /// The number of their bases.
    pub bases: u64,
}

impl Group {
    /// Adds one read.
    pub fn add(&mut self, segment: &Record) {
        self.reads += 1;
        self.bases += segment.bases().len() as u64;
    }
}

impl Tally {
    /// Counts a pair if both mates are scored, and whether their classes differ.
    pub fn add_pair(&mut self, scored: impl Iterator<Item = (Mate, Class)>) {
        let (mut first, mut second) = (None, None);
        for (mate, class) in scored {
            match mate {
                Mate::Unpaired => {}
                Mate::First => first = Some(class),
                Mate::Second => second = Some(class),
            }
        }
        if let (Some(first), Some(second)) = (first, second) {
            self.pairs += 1;
            self.pairs_that_disagree += u64::from(first != second);
        }
    }

    /// Counts a read that may be unlike those a model was trained on: short, longer than the bases the model sees, odd,
    /// or long with many errors.
    pub fn add_bases(&mut self, read: &Record, reads_at_most: Option<usize>) {
        let bases = read.bases();
        self.error_rich += u64::from(bases.len() > LONG && errors::are_many(read.quality_scores()));
        self.short += u64::from(bases.len() < SHORT);
        self.truncated += u64::from(reads_at_most.is_some_and(|most| bases.len() > most));
        self.unknown += u64::from(composition::has_many_unknown(bases));
        self.repeats += u64::from(composition::is_repeat(bases));
        self.odd_gc += u64::from(composition::has_odd_gc(bases));
    }

    /// Counts why a read was undecided, if it was, and the posterior it was judged by.
    pub fn add_verdict(&mut self, verdict: Verdict, posterior: Option<f32>) {
        if let Some(posterior) = posterior {
            self.judged[bin(posterior)] += 1;
        }
        match verdict {
            Verdict::Undecided(Reason::TooShort) => self.too_short += 1,
            Verdict::Undecided(Reason::InBand) => self.in_band += 1,
            Verdict::Coding | Verdict::NonCoding => {}
        }
    }

    /// Counts a scored read by its own label and by its class, which may be its template's. Its frame is counted only
    /// if the class is coding.
    pub fn add_prediction(&mut self, prediction: &Prediction, label: Class, class: Class) {
        self.histogram[bin(prediction.probability)] += 1;
        self.labelled_coding += u64::from(label == Class::Coding);
        if let Some(frame) = prediction.frame.filter(|_| class == Class::Coding) {
            let place = Frame::ALL.iter().position(|&f| f == frame).expect("ALL holds every frame");
            self.frames[place] += 1;
        }
    }

    /// Counts one read's windows.
    pub fn add_windows(&mut self, summary: &Summary) {
        self.windows += summary.windows;
        self.coding_windows += summary.coding;
    }

    /// The number of reads scored.
    #[must_use]
    pub fn scored(&self) -> u64 {
        self.histogram.iter().sum()
    }

    /// The number of reads written, whatever their class.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.classes.iter().map(|(_, group)| group.reads).sum()
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "0 <= p <= 1")]
fn bin(probability: f32) -> usize {
    let bin = (probability * BINS as f32) as usize;
    // The product is rounded, so a probability just below a bin's start may land in that bin; it must not, as for a
    // threshold.
    (bin - usize::from(bin as f32 / BINS as f32 > probability)).min(BINS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certainty_falls_into_the_last_bin() {
        assert_eq!([0.0, 0.049, 0.05, 0.5, 0.999, 1.0].map(bin), [0, 0, 1, 10, 19, 19]);
    }

    #[test]
    fn a_bin_starts_where_a_threshold_does() {
        for (start, threshold) in [".05 .1 .15 .2 .25 .3 .35 .4 .45 .5 .55 .6 .65 .7 .75 .8 .85 .9 .95"]
            .iter()
            .flat_map(|all| all.split(' '))
            .map(|text| text.parse::<f32>().unwrap())
            .enumerate()
        {
            assert_eq!([threshold.next_down(), threshold].map(bin), [start, start + 1], "{threshold}");
        }
    }
}
