//! Dropout: in training, numbers are zeroed at random and the others scaled up; in scoring, all are kept.
//!
//! Which numbers are dropped depends only on the seed, the step and a read's place in it: neither on the device nor on
//! how many reads are computed at once. So they are drawn on the CPU, which takes some nanoseconds per number.
#![cfg_attr(not(feature = "train"), allow(dead_code, reason = "only a training has it"))]

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use burn::tensor::{Tensor, TensorData};

use crate::model::random::Bits;

/// Drops numbers from the activations of some reads of a step.
#[derive(Debug)]
pub(in crate::model) struct Dropout {
    /// The number of dropped values out of 65,536.
    left_out: u16,
    /// A number that identifies the step.
    step: u64,
    /// The places of the reads in the step.
    reads: Range<usize>,
    /// The number of calls so far.
    calls: AtomicU64,
}

impl Dropout {
    /// Creates a dropout of this share.
    pub(in crate::model) fn new(share: f64, step: u64, reads: Range<usize>) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 0 to 1")]
        let left_out = (share * 65_536.0).round() as u16;
        Self { left_out, step, reads, calls: AtomicU64::new(0) }
    }

    /// Drops some of these numbers; those of each read are contiguous.
    pub(in crate::model) fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let (shape, device) = (x.dims(), x.device());
        let factors = self.factors(shape.iter().product());
        x * Tensor::from_data(TensorData::new(factors, shape), &device)
    }

    /// The factor for each of `count` numbers; each read has equally many.
    fn factors(&self, count: usize) -> Vec<f32> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let kept = 65_536.0 / (65_536.0 - f32::from(self.left_out));
        let each = count / self.reads.len().max(1);
        let mut factors = Vec::with_capacity(count);
        for read in self.reads.clone() {
            let of_call = Bits::new(self.step.wrapping_add(call)).next();
            let mut bits = Bits::new(Bits::new(of_call.wrapping_add(read as u64)).next());
            let end = factors.len() + each;
            while factors.len() < end {
                let four = bits.next().to_le_bytes();
                let four = four.as_chunks::<2>().0.iter().map(|&two| u16::from_le_bytes(two));
                let left = end - factors.len();
                factors.extend(four.take(left).map(|number| if number < self.left_out { 0.0 } else { kept }));
            }
        }
        factors
    }
}

/// Applies dropout if a training has it, or returns the numbers unchanged.
pub(in crate::model) fn dropped<const D: usize>(dropout: Option<&Dropout>, x: Tensor<D>) -> Tensor<D> {
    match dropout {
        None => x,
        Some(dropout) => dropout.forward(x),
    }
}

#[cfg(all(test, feature = "train"))]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn the_mean_over_many_masks_is_what_was_there() {
        let numbers: Vec<f32> = (0..60_u8).map(f32::from).collect();
        let x = Tensor::<2>::from_data(TensorData::new(numbers.clone(), [4, 15]), &Device::flex());
        let mut sums = vec![0.0; 60];
        for step in 0..4000 {
            let left: Vec<f32> = Dropout::new(0.1, step, 0..4).forward(x.clone()).try_into_vec_as().unwrap();
            assert!(left.iter().zip(&numbers).all(|(left, number)| *left == 0.0 || left > number), "{left:?}");
            sums.iter_mut().zip(&left).for_each(|(sum, left)| *sum += left);
        }
        for (sum, number) in sums.into_iter().zip(numbers) {
            let mean = sum / 4000.0;
            assert!((mean - number).abs() <= 0.03 * number, "{number}: {mean}"); // six standard errors
        }
    }

    #[test]
    fn what_is_left_out_hangs_on_the_step_and_the_read_alone() {
        let all = Dropout::new(0.5, 7, 0..6);
        let parts = [Dropout::new(0.5, 7, 0..4), Dropout::new(0.5, 7, 4..6)];
        for _ in 0..2 {
            assert_eq!(all.factors(6 * 9), [parts[0].factors(4 * 9), parts[1].factors(2 * 9)].concat());
        }
        let first = || Dropout::new(0.5, 7, 0..6).factors(54);
        assert_eq!(first(), first());
        assert_ne!(first(), Dropout::new(0.5, 8, 0..6).factors(54));
        assert_ne!(first()[..9], first()[9..18]);
        assert_ne!(first(), all.factors(54), "another call is another mask");
    }
}
