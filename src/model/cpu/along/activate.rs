//! Operations on single rows of numbers: `SiLU`, and products with one vector of weights.

use super::super::aligned::LINE;
use super::super::register::Register;

/// Replaces `rows` rows of `x` by their `SiLU`. Two numbers share a division: the partner is one cache line away,
/// whatever the width of a register, so that all instruction sets compute the same.
///
/// # Safety
/// The CPU must have `R`'s instructions; `x` must hold so many rows of `channels`, a multiple of [`LINE`].
#[inline(always)]
pub(super) unsafe fn activate<R: Register>(x: &mut [f32], rows: usize, channels: usize) {
    for row in 0..rows {
        let start = row * channels;
        let alone = start + channels / (2 * LINE) * 2 * LINE;
        // SAFETY: the caller's promises.
        unsafe {
            for first in (start..alone).step_by(2 * LINE) {
                for at in (first..first + LINE).step_by(R::WIDTH) {
                    let (one, other) = R::silu_of_two(R::load(x, at), R::load(x, at + LINE));
                    one.store(x, at);
                    other.store(x, at + LINE);
                }
            }
            for at in (alone..start + channels).step_by(R::WIDTH) {
                R::load(x, at).silu().store(x, at);
            }
        }
    }
}

/// Computes the products of `rows` rows of `x` with `weights`, plus `bias`. They are summed in the same order on every
/// register file.
///
/// # Safety
/// The CPU must have `R`'s instructions; `x` must hold so many rows as long as `weights`, a multiple of [`LINE`].
#[inline(always)]
pub(super) unsafe fn dot<R: Register>(x: &[f32], rows: usize, (weights, bias): (&[f32], f32), to: &mut [f32]) {
    let channels = weights.len();
    for (row, to) in to[..rows].iter_mut().enumerate() {
        let mut sums = [0.0; LINE];
        for lane in (0..LINE).step_by(R::WIDTH) {
            // SAFETY: the caller's promises.
            unsafe {
                let mut sum = R::load(x, row * channels + lane).mul(R::load(weights, lane));
                for at in (lane + LINE..channels).step_by(LINE) {
                    sum = R::load(x, row * channels + at).mul_add(R::load(weights, at), sum);
                }
                sum.store(&mut sums, lane);
            }
        }
        *to = bias + total(sums);
    }
}

/// The sum of all numbers, as a tree.
#[inline(always)]
fn total(sums: [f32; LINE]) -> f32 {
    let mut eight = [0.0; 8];
    for (i, sum) in eight.iter_mut().enumerate() {
        *sum = sums[i] + sums[i + 8];
    }
    let mut four = [0.0; 4];
    for (i, sum) in four.iter_mut().enumerate() {
        *sum = eight[i] + eight[i + 4];
    }
    (four[0] + four[2]) + (four[1] + four[3])
}
