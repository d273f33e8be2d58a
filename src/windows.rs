//! Windows over whole reads: each window is scored like a read, and their predictions are pooled into the read's.
//!
//! Pure: knows no file, and of models no more than what a prediction is.

use std::fmt;
use std::num::NonZero;
use std::ops::Range;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::prediction::{Frame, Prediction, Predictions};
use crate::tiling::{Tiling, on_read};
use crate::tokens::Tokens;

/// The number of windows that a model gets at once: enough to fill any device, few enough to take hardly any memory.
const AT_ONCE: usize = 4096;

/// The settings of windows that the user chooses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WindowsConfig {
    /// The most bases from the start of one window to the start of the next.
    pub step: NonZero<usize>,
    /// How the probabilities of the windows are pooled into the read's.
    pub pool: Pool,
    /// The least probability of a coding window; a read has a threshold of its own.
    pub threshold: f32,
}

/// How the probabilities of a read's windows become the read's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pool {
    /// The mean of the windows' probabilities
    #[default]
    Mean,
    /// The highest of the windows' probabilities
    Max,
    /// The share of the windows that are coding
    Fraction,
}

/// Writes the name used on the command line.
impl fmt::Display for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_possible_value().expect("no variant is left out").get_name())
    }
}

/// The rule for cutting reads into windows, and for pooling what the model says of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Windows {
    /// Bases in a window; one more if a read's windows would not mirror otherwise.
    pub length: usize,
    /// The step between windows, and how they are pooled.
    pub config: WindowsConfig,
}

/// A summary of the predictions for the windows of one read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// The number of windows.
    pub windows: u64,
    /// The number of coding windows.
    pub coding: u64,
    /// The mean of the windows' probabilities.
    pub mean: f32,
    /// The highest of the windows' probabilities.
    pub max: f32,
    /// The frame with the most votes of coding windows, weighted by probability and counted on the whole read. If no
    /// window is coding, all of them vote.
    pub frame: Option<Frame>,
}

impl Windows {
    /// Lists the windows of a read of `bases`, spread evenly from its first base to its last. A read that fits into one
    /// window is one window.
    ///
    /// ```
    /// use readseeker::windows::{WindowsConfig, Pool, Windows};
    /// let windows = Windows { length: 300, config: WindowsConfig { step: 150.try_into()?, pool: Pool::Mean, threshold: 0.5 } };
    /// assert_eq!(windows.over(301).collect::<Vec<_>>(), [0..301]);
    /// assert_eq!(windows.over(500).collect::<Vec<_>>(), [0..300, 100..400, 200..500]);
    /// # Ok::<(), std::num::TryFromIntError>(())
    /// ```
    #[must_use]
    pub fn over(&self, bases: usize) -> impl ExactSizeIterator<Item = Range<usize>> + use<> {
        self.tiling().over(bases)
    }

    /// The [`Tiling`] that lays out these windows.
    #[must_use]
    pub fn tiling(&self) -> Tiling {
        Tiling { length: self.length, step: self.config.step.get(), longest_single: self.length.saturating_add(1) }
    }

    /// Asks the model, through `ask`, about every window of every row of `k`-mers, in order.
    ///
    /// # Errors
    /// The first error of `ask`.
    pub fn classify<E>(
        &self,
        tokens: &Tokens,
        k: usize,
        ask: impl Fn(&[&[u16]]) -> Result<Predictions, E>,
    ) -> Result<Predictions, E> {
        let bases = |row: &[u16]| row.len() + k - 1;
        let count = tokens.rows().map(|row| self.over(bases(row)).len()).sum();
        let mut predictions = Predictions::from(Vec::with_capacity(count));
        let mut rows = tokens
            .rows()
            .flat_map(|row| self.over(bases(row)).map(move |window| &row[window.start..window.end + 1 - k]));
        let mut some = Vec::with_capacity(AT_ONCE);
        loop {
            some.clear();
            some.extend(rows.by_ref().take(AT_ONCE));
            if some.is_empty() {
                return Ok(predictions);
            }
            predictions.append(ask(&some)?);
        }
    }

    /// Summarises the predictions for the windows of a read of `bases`.
    ///
    /// # Panics
    /// If there is not one prediction for each window [`over`](Self::over) the read.
    #[must_use]
    pub fn summary(&self, bases: usize, predictions: &[Prediction]) -> Summary {
        let windows = self.over(bases);
        assert_eq!(windows.len(), predictions.len(), "one prediction a window");
        let (mut sum, mut max, mut coding) = (0.0, 0.0_f32, 0);
        let (mut votes, mut coding_votes) = (Votes::default(), Votes::default());
        for (window, &Prediction { probability, frame }) in windows.zip(predictions) {
            let frame = frame.map(|frame| on_read(frame, &window, bases));
            sum += f64::from(probability);
            max = max.max(probability);
            votes.add(frame, probability);
            if probability >= self.config.threshold {
                coding += 1;
                coding_votes.add(frame, probability);
            }
        }
        let windows = predictions.len() as u64;
        let frame = coding_votes.most().or(votes.most());
        Summary { windows, coding, mean: divided(sum, windows), max, frame }
    }
}

impl Summary {
    /// The share of the windows that are coding.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a read has far fewer windows than 2^52")]
    pub fn fraction(&self) -> f32 {
        divided(self.coding as f64, self.windows)
    }

    /// The prediction for the whole read.
    #[must_use]
    pub fn prediction(&self, pool: Pool) -> Prediction {
        let probability = match pool {
            Pool::Mean => self.mean,
            Pool::Max => self.max,
            Pool::Fraction => self.fraction(),
        };
        Prediction { probability, frame: self.frame }
    }
}

/// The sum of each frame's probabilities, in the order of [`Frame::ALL`]; `None` for a frame that no window is in.
#[derive(Default)]
struct Votes([Option<f64>; 6]);

impl Votes {
    fn add(&mut self, frame: Option<Frame>, probability: f32) {
        for (sum, _) in self.0.iter_mut().zip(Frame::ALL).filter(|(_, of)| frame == Some(*of)) {
            *sum = Some(sum.unwrap_or(0.0) + f64::from(probability));
        }
    }

    /// The frame with the highest sum; the first one, if several share it.
    fn most(&self) -> Option<Frame> {
        let sums = self.0.iter().zip(Frame::ALL).filter_map(|(sum, frame)| sum.map(|sum| (sum, frame)));
        sums.reduce(|best, other| if other.0 > best.0 { other } else { best }).map(|(_, frame)| frame)
    }
}

#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "probabilities are f32")]
fn divided(sum: f64, count: u64) -> f32 {
    (sum / count as f64) as f32
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use proptest::prelude::*;

    use super::*;
    use crate::kmer;

    fn windows(length: usize, step: usize, threshold: f32) -> Windows {
        Windows { length, config: WindowsConfig { step: step.try_into().unwrap(), pool: Pool::Mean, threshold } }
    }

    fn prediction(probability: f32, frame: usize) -> Prediction {
        Prediction { probability, frame: Some(Frame::ALL[frame]) }
    }

    /// Predictions whose probabilities are multiples of 1/128, so that their sums do not depend on the order.
    fn predictions() -> impl Strategy<Value = Vec<Prediction>> {
        let one = (0_u8..=128, 0_usize..6).prop_map(|(parts, frame)| prediction(f32::from(parts) / 128.0, frame));
        proptest::collection::vec(one, 64)
    }

    #[test]
    fn a_read_that_fits_a_window_says_what_its_window_says() {
        for (probability, fraction) in [(0.7, 1.0), (0.5, 1.0), (0.49, 0.0), (0.0, 0.0)] {
            let own = prediction(probability, 4);
            let summary = windows(300, 150, 0.5).summary(301, &[own]);
            assert_eq!((summary.prediction(Pool::Mean), summary.prediction(Pool::Max)), (own, own));
            assert_eq!(summary.prediction(Pool::Fraction).probability, fraction);
        }
    }

    #[test]
    fn windows_are_pooled_as_asked() {
        // Codons start at 1, 4, 7, ... of the read: in the windows 0..300, 100..400 and 200..500 at offsets 1, 0 and 2.
        let own = [prediction(0.75, 1), prediction(0.5, 0), prediction(0.25, 5)];
        let summary = windows(300, 100, 0.5).summary(500, &own);
        assert_eq!((summary.windows, summary.coding), (3, 2));
        let pooled = [Pool::Mean, Pool::Max, Pool::Fraction].map(|pool| summary.prediction(pool).probability);
        assert_eq!(pooled, [0.5, 0.75, 2.0 / 3.0]);
        assert_eq!(summary.frame, Some(Frame::ALL[1]));
        let unframed = [Prediction { probability: 0.9, frame: None }; 3];
        assert_eq!(windows(300, 100, 0.5).summary(500, &unframed).frame, None);
    }

    #[test]
    fn one_window_in_another_frame_does_not_outvote_the_coding_ones_by_being_sure_of_nothing() {
        let own = [prediction(0.4, 0), prediction(0.4, 2), prediction(0.6, 3)];
        assert_eq!(windows(300, 100, 0.5).summary(500, &own).frame, Some(Frame::ALL[3]));
        assert_eq!(windows(300, 100, 0.7).summary(500, &own).frame, Some(Frame::ALL[0]), "none is coding: all vote");
    }

    proptest! {
        #[test]
        fn windows_reach_from_end_to_end_and_mirror(
            bases in 1_usize..20_000, length in 1_usize..400, step in 1_usize..1000
        ) {
            let windows = windows(length, step, 0.5);
            let all: Vec<_> = windows.over(bases).collect();
            prop_assert_eq!(all[0].start, 0);
            prop_assert_eq!(all.last().unwrap().end, bases);
            for (window, mirrored) in all.iter().zip(all.iter().rev()) {
                prop_assert_eq!(bases - window.end, mirrored.start);
            }
            if bases <= length + 1 {
                prop_assert!(all.len() == 1 && all[0] == (0..bases));
            } else {
                prop_assert_eq!(all.len(), 1 + (bases - length).div_ceil(step));
                prop_assert!(all.windows(2).all(|two| (1..=step).contains(&(two[1].start - two[0].start))));
                prop_assert!(all.iter().all(|window| window.len() == length || window.len() == length + 1));
            }
        }

        #[test]
        fn the_reverse_complement_is_pooled_alike_in_the_mirrored_frame(
            bases in 60_usize..7000, own in predictions(), threshold in 0.0_f32..1.0
        ) {
            let windows = windows(300, 150, threshold);
            let own = &own[..windows.over(bases).len()];
            let turn = |one: &Prediction| {
                let place = Frame::ALL.iter().position(|&frame| Some(frame) == one.frame).unwrap();
                prediction(one.probability, (place + 3) % 6)
            };
            let back: Vec<_> = own.iter().rev().map(turn).collect();
            let (one, other) = (windows.summary(bases, own), windows.summary(bases, &back));
            prop_assert_eq!(Summary { frame: None, ..one }, Summary { frame: None, ..other });
            let weight = |frame: Frame, of: &[Prediction], coding: bool| -> f64 {
                let votes = windows.over(bases).zip(of).filter(|(window, one)| {
                    on_read(one.frame.unwrap(), window, bases) == frame && (!coding || one.probability >= threshold)
                });
                votes.map(|(_, one)| f64::from(one.probability)).sum()
            };
            let coding = one.coding > 0;
            prop_assert_eq!(weight(one.frame.unwrap(), own, coding), weight(other.frame.unwrap(), &back, coding));
            prop_assert!(one.mean <= one.max && (one.fraction() > 0.0) == (one.max >= threshold));
        }

        #[test]
        fn a_model_is_asked_about_each_window_as_a_read_of_its_own(
            reads in proptest::collection::vec("[ACGTN]{6,2000}", 1..6), step in 1_usize..500
        ) {
            let windows = windows(100, step, 0.5);
            let mut tokens = Tokens::default();
            let mut expected = Vec::new();
            for read in &reads {
                kmer::tokenize(read.as_bytes(), 6, None, &mut tokens.ids);
                tokens.end_row();
                for window in windows.over(read.len()) {
                    let mut ids = Vec::new();
                    kmer::tokenize(&read.as_bytes()[window], 6, None, &mut ids);
                    expected.push(ids);
                }
            }
            let asked = Cell::new(0);
            let ask = |rows: &[&[u16]]| {
                assert!((1..=AT_ONCE).contains(&rows.len()));
                for row in rows {
                    assert_eq!(*row, &expected[asked.get()]);
                    asked.update(|n| n + 1);
                }
                Ok::<_, ()>(vec![prediction(0.5, 0); rows.len()].into())
            };
            prop_assert_eq!(windows.classify(&tokens, 6, ask).unwrap().len(), expected.len());
            prop_assert_eq!(asked.get(), expected.len());
        }
    }
}
