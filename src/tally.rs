//! What a run adds up for its report: reads and bases by class and reason, the spread of probabilities, the frames.

use crate::outputs::Place;
use crate::prediction::{Frame, Prediction};
use crate::reads::Record;
use crate::verdict::{Reason, Verdict};
use crate::windows::Summary;

/// Bins of the probability histogram.
pub const BINS: usize = 20;

/// The sums of a run, or of a part of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Written to the coding output.
    pub coding: Group,
    /// Written to the non-coding output, undecided reads without an output of their own included.
    pub noncoding: Group,
    /// Written to the undecided output.
    pub undecided: Group,
    /// How many verdicts there were: mates judged together share one.
    pub verdicts: u64,
    /// Reads of templates that could not be scored, wherever they went.
    pub too_short: u64,
    /// Reads of templates inside the undecided band, wherever they went.
    pub in_band: u64,
    /// Records that are no reads of their own (secondary, supplementary, without bases), written to BAM outputs.
    pub followers: u64,
    /// Reads scored, by probability: bin i holds `i/20 <= p < (i+1)/20`, the last one 1.0 too.
    pub histogram: [u64; BINS],
    /// Reads whose own label is coding, by frame: +0 +1 +2 -0 -1 -2. All zero where the model tells no frames.
    pub frames: [u64; 6],
    /// Windows scored; none where reads are scored whole.
    pub windows: u64,
    /// Those of them that are coding.
    pub coding_windows: u64,
}

/// Reads that share a fate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// How many.
    pub reads: u64,
    /// Their bases.
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
    /// The sums of one class, whatever file it goes to.
    pub fn group(&mut self, verdict: Verdict) -> &mut Group {
        match verdict {
            Verdict::Coding => &mut self.coding,
            Verdict::NonCoding => &mut self.noncoding,
            Verdict::Undecided(_) => &mut self.undecided,
        }
    }

    /// The sums of one class's file.
    pub fn at(&mut self, place: Place) -> &mut Group {
        match place {
            Place::Coding => &mut self.coding,
            Place::NonCoding => &mut self.noncoding,
            Place::Undecided => &mut self.undecided,
        }
    }

    /// Counts why a read was undecided, if it was.
    pub fn add_verdict(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Undecided(Reason::TooShort) => self.too_short += 1,
            Verdict::Undecided(Reason::InBand) => self.in_band += 1,
            Verdict::Coding | Verdict::NonCoding => {}
        }
    }

    /// Counts one scored read; its frame only where the read itself is coding.
    pub fn add_prediction(&mut self, prediction: &Prediction, coding: bool) {
        self.histogram[bin(prediction.probability)] += 1;
        if let Some(frame) = prediction.frame.filter(|_| coding) {
            let place = Frame::ALL.iter().position(|&f| f == frame).expect("ALL holds every frame");
            self.frames[place] += 1;
        }
    }

    /// Counts one read's windows.
    pub fn add_windows(&mut self, summary: &Summary) {
        self.windows += summary.windows;
        self.coding_windows += summary.coding;
    }

    /// Reads scored.
    #[must_use]
    pub fn scored(&self) -> u64 {
        self.histogram.iter().sum()
    }

    /// Reads written, whatever their class.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.coding.reads + self.noncoding.reads + self.undecided.reads
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "0 <= p <= 1")]
fn bin(probability: f32) -> usize {
    ((f64::from(probability) * BINS as f64) as usize).min(BINS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certainty_falls_into_the_last_bin() {
        assert_eq!([0.0, 0.049, 0.05, 0.5, 0.999, 1.0].map(bin), [0, 0, 1, 10, 19, 19]);
    }
}
