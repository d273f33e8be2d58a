//! Maps the tokens of a read to its windows, and the logits of the windows to one prediction. Pure: knows no tensor, so
//! that windows, calibration and pooling are the same whatever computes the network.

use std::ops::Range;

use super::config::CompactConfig;
use crate::model::calibration::{Calibration, sigmoid};
use crate::prediction::{Frame, Prediction};

/// The number of reading frames of a read and its reverse complement.
pub(super) const FRAMES: usize = 6;
/// The number of logits of a window: non-coding, then the frames.
pub(in crate::model) const LOGITS: usize = 1 + FRAMES;

/// The logits of a window: non-coding, then the frames in the order of [`Frame::ALL`].
pub(super) type Logits = [f32; LOGITS];

/// The fewest bases of a read with a token in each frame.
pub(super) const SHORTEST: usize = 8;

/// The number of tokens in each frame of a read with so many bases.
pub(super) fn tokens_per_frame(bases: usize) -> usize {
    bases.saturating_sub(5) / 3
}

/// The tokens of a window, as a range of the overlapping 6-mers of its read.
pub(super) fn tokens(window: &Range<usize>) -> Range<usize> {
    window.start..window.end - 5
}

/// Combines the logits of all windows of a read with `length` bases into one prediction. A read too short for a window
/// is non-coding.
///
/// # Panics
/// If there is not one set of logits for each window.
pub(super) fn prediction(length: usize, logits: &[Logits], config: &CompactConfig) -> Prediction {
    if length < SHORTEST {
        return Prediction { probability: 0.0, frame: None };
    }
    let windows = config.window.over(length);
    assert_eq!(logits.len(), windows.len(), "one set of logits for each window");
    if let [logits] = logits {
        let frames: [f64; 6] = std::array::from_fn(|frame| f64::from(logits[frame + 1]));
        let probability = probability(logits, length, &config.calibration.by_length);
        return Prediction { probability: single(probability), frame: Some(best(&frames)) };
    }
    let mut sum = 0.0;
    let mut votes = [0.0; 6];
    for (window, logits) in windows.zip(logits) {
        sum += probability(logits, window.len(), &config.calibration.by_length);
        let shares = shares(logits);
        for offset in 0..3 {
            votes[(window.start + offset) % 3] += shares[offset];
            votes[3 + (length - window.end + offset) % 3] += shares[3 + offset];
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a read has far fewer windows than 2^52")]
    let mean = (sum / logits.len() as f64).clamp(1e-6, 1.0 - 1e-6);
    let pool = config.calibration.pool;
    let probability = sigmoid(pool.scale * (mean / (1.0 - mean)).ln() + pool.shift);
    Prediction { probability: single(probability), frame: Some(best(&votes)) }
}

/// The calibrated probability of coding of one window of `length` bases.
fn probability(logits: &Logits, length: usize, calibration: &Calibration) -> f64 {
    // p = 1 - softmax[0], so logit(p) is the logsumexp of the frames minus the non-coding logit. This avoids the
    // cancellation in 1 - p.
    let frames = logits[1..].iter().copied().map(f64::from);
    let highest = frames.clone().fold(f64::NEG_INFINITY, f64::max);
    let logit = highest + frames.map(|frame| (frame - highest).exp()).sum::<f64>().ln() - f64::from(logits[0]);
    calibration.probability(logit, length)
}

/// The shares of the six frames in the softmax over all seven logits.
fn shares(logits: &Logits) -> [f64; 6] {
    let highest = logits.iter().copied().map(f64::from).fold(f64::NEG_INFINITY, f64::max);
    let weights = logits.map(|logit| (f64::from(logit) - highest).exp());
    let sum: f64 = weights.iter().sum();
    std::array::from_fn(|frame| weights[frame + 1] / sum)
}

/// The frame with the highest score; the first one, if several share it.
fn best(scores: &[f64; 6]) -> Frame {
    let mut best = 0;
    for (frame, score) in scores.iter().enumerate() {
        if *score > scores[best] {
            best = frame;
        }
    }
    Frame::ALL[best]
}

#[expect(clippy::cast_possible_truncation, reason = "a probability needs no more than f32")]
fn single(probability: f64) -> f32 {
    probability as f32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::config::{Block, Coarse, Pool, Stem, WindowCalibration};
    use super::*;
    use crate::tiling::Tiling;

    const WINDOW: Tiling = Tiling { length: 300, step: 150, longest_single: 400 };

    fn config() -> CompactConfig {
        CompactConfig {
            model_type: String::new(),
            format_version: 1,
            name: String::new(),
            k: 6,
            embedding_size: 1,
            channels: 1,
            stem: Stem { kernel: 6, stride: 3, padding: 3 },
            blocks: vec![Block { kernel: 3, padding: 1 }],
            coarse: Coarse::default(),
            hidden: 1,
            window: WINDOW,
            calibration: WindowCalibration {
                by_length: Calibration {
                    lengths: vec![100.0, 200.0, 300.0],
                    scale: vec![0.5, 1.0, 2.0],
                    shift: vec![0.0, 0.1, -0.1],
                },
                pool: Pool { scale: 1.5, shift: 0.2 },
            },
            trained_on: None,
            created: None,
        }
    }

    #[test]
    fn a_sure_read_is_sure_without_becoming_nan() {
        for (noncoding, expected) in [(-1000.0, 1.0), (1000.0, 0.0)] {
            let logits = [noncoding, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
            assert!((prediction(300, &[logits], &config()).probability - expected).abs() < 1e-30);
        }
    }

    #[test]
    fn a_read_without_a_token_in_each_frame_is_not_coding() {
        for length in 0..SHORTEST {
            assert_eq!(prediction(length, &[], &config()), Prediction { probability: 0.0, frame: None });
        }
    }

    proptest! {
        #[test]
        fn the_reverse_complement_gets_the_same_probability_and_the_mirrored_frame(
            length in 8_usize..2000, seed in proptest::collection::vec(-5.0_f32..5.0, 7 * 13)
        ) {
            let count = WINDOW.over(length).len();
            let forward: Vec<Logits> = seed.chunks(7).take(count).map(|l| l.try_into().unwrap()).collect();
            let turn = |l: &Logits| [l[0], l[4], l[5], l[6], l[1], l[2], l[3]];
            let back: Vec<Logits> = forward.iter().rev().map(turn).collect();
            let (one, other) = (prediction(length, &forward, &config()), prediction(length, &back, &config()));
            prop_assert!((one.probability - other.probability).abs() <= 1e-6);
            let (one, other) = (one.frame.unwrap(), other.frame.unwrap());
            prop_assert_eq!(one.offset, other.offset);
            prop_assert_ne!(one.strand, other.strand);
        }
    }
}
