//! Windows over whole reads, as `--windows` asks for: where they lie, and what their predictions say of the read.
//!
//! Each window is scored as a read of its own. Pure: knows no file, and of models no more than what a prediction is.

use std::num::NonZero;
use std::ops::Range;

use crate::batch::Tokens;
use crate::error::Result;
use crate::model::compact::{config::Window, windows};
use crate::model::{Frame, Prediction, Strand};

/// How many windows a model is asked about at once: enough to fill any device, few enough that they take no memory.
const AT_ONCE: usize = 4096;

/// What the user asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Bases from one window's start to the next one's at most.
    pub step: NonZero<usize>,
    /// How the windows' probabilities become the read's.
    pub pool: Pool,
}

/// How the probabilities of a read's windows become the read's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pool {
    /// Their mean: about the share of the read that is coding.
    #[default]
    Mean,
    /// The highest: whether anything in the read is coding.
    Max,
    /// The share of the windows that reach the threshold.
    Fraction,
}

impl Pool {
    /// As the command line spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Max => "max",
            Self::Fraction => "fraction",
        }
    }
}

/// The windows of reads, for a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// Bases a window; one more where a read's windows would not mirror otherwise.
    pub length: usize,
    /// How far apart they are, and how they are pooled.
    pub config: Config,
}

/// What the windows of one read say together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// How many there are.
    pub windows: u64,
    /// How many of them reach the threshold.
    pub coding: u64,
    /// The mean of their probabilities.
    pub mean: f32,
    /// The highest of them.
    pub max: f32,
    /// The frame that most of the coding windows are in, weighted by probability, on the whole read; of all windows where
    /// none is coding.
    pub frame: Option<Frame>,
}

impl Windows {
    /// Where the windows of a read of `bases` lie: spread evenly from its first base to its last, so that those of its
    /// reverse complement are the same ones mirrored. A read that one window can hold is one window.
    ///
    /// ```
    /// use readseeker::windows::{Config, Pool, Windows};
    /// let windows = Windows { length: 300, config: Config { step: 150.try_into()?, pool: Pool::Mean } };
    /// assert_eq!(windows.over(301).collect::<Vec<_>>(), [0..301]);
    /// assert_eq!(windows.over(500).collect::<Vec<_>>(), [0..300, 100..400, 200..500]);
    /// # Ok::<(), std::num::TryFromIntError>(())
    /// ```
    #[must_use]
    pub fn over(&self, bases: usize) -> impl ExactSizeIterator<Item = Range<usize>> + use<> {
        let window = Window { length: self.length, step: self.config.step.get(), longest_single: self.length + 1 };
        windows::windows(bases, &window)
    }

    /// What `ask` says of every window of every row of `k`-mers, in order.
    ///
    /// # Errors
    /// The first of `ask`.
    pub fn classify(
        &self,
        tokens: &Tokens,
        k: usize,
        ask: impl Fn(&[&[u16]]) -> Result<Vec<Prediction>>,
    ) -> Result<Vec<Prediction>> {
        let bases = |row: &[u16]| row.len() + k - 1;
        let mut predictions = Vec::with_capacity(tokens.rows().map(|row| self.over(bases(row)).len()).sum());
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
            predictions.extend(ask(&some)?);
        }
    }

    /// What the windows of a read of `bases` say together; one is coding from `threshold` on.
    ///
    /// # Panics
    /// If there is not one prediction for each window [`over`](Self::over) the read.
    #[must_use]
    pub fn summary(&self, bases: usize, predictions: &[Prediction], threshold: f32) -> Summary {
        let windows = self.over(bases);
        assert_eq!(windows.len(), predictions.len(), "one prediction a window");
        let (mut sum, mut max, mut coding) = (0.0, 0.0_f32, 0);
        let (mut votes, mut coding_votes) = (Votes::default(), Votes::default());
        for (window, &Prediction { probability, frame }) in windows.zip(predictions) {
            let frame = frame.map(|frame| on_read(frame, &window, bases));
            sum += f64::from(probability);
            max = max.max(probability);
            votes.add(frame, probability);
            if probability >= threshold {
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

    /// What stands for the read.
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

/// The frame of a window of a read of `bases`, counted on the whole read.
#[must_use]
pub fn on_read(frame: Frame, window: &Range<usize>, bases: usize) -> Frame {
    let before = match frame.strand {
        Strand::Plus => window.start,
        Strand::Minus => bases - window.end,
    };
    let offset = (before + usize::from(frame.offset)) % 3;
    Frame { offset: u8::try_from(offset).expect("below 3"), ..frame }
}

/// The sum of each frame's probabilities, in the order of [`Frame::ALL`]; none of a frame no window is in.
#[derive(Default)]
struct Votes([Option<f64>; 6]);

impl Votes {
    fn add(&mut self, frame: Option<Frame>, probability: f32) {
        for (sum, _) in self.0.iter_mut().zip(Frame::ALL).filter(|(_, of)| frame == Some(*of)) {
            *sum = Some(sum.unwrap_or(0.0) + f64::from(probability));
        }
    }

    /// The first frame of the highest sum.
    fn most(&self) -> Option<Frame> {
        let sums = self.0.iter().zip(Frame::ALL).filter_map(|(sum, frame)| sum.map(|sum| (sum, frame)));
        sums.reduce(|best, other| if other.0 > best.0 { other } else { best }).map(|(_, frame)| frame)
    }
}

#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "probabilities are told in f32")]
fn divided(sum: f64, count: u64) -> f32 {
    (sum / count as f64) as f32
}
