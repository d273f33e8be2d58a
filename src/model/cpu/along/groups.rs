//! Averages positions over groups, and spreads groups to positions.

use std::ops::Range;

use super::super::frames::layout::one_over;
use super::super::register::Register;
use super::grid::{group, group_of, groups};
use super::six::{Places, Six};

/// Computes the means of the groups of positions.
///
/// # Safety
/// The CPU must have `R`'s instructions; `six` must hold its rows, and `to` a row for each group of each frame.
#[inline(always)]
pub(super) unsafe fn pool<R: Register>(six: Six<'_>, to: &mut [f32], places: Places) {
    let Six { x, positions, channels, .. } = six;
    let (pairs, all) = (positions / 4, groups(positions));
    // SAFETY: the caller's promises.
    unsafe {
        for (from, place) in six.frames.into_iter().zip(places) {
            means_of_pairs::<R>(&x[from..], &mut to[place..], pairs * channels, channels);
            let right = (from + (positions - 2 * pairs) * channels, place + (all - pairs) * channels);
            means_of_pairs::<R>(&x[right.0..], &mut to[right.1..], pairs * channels, channels);
            if all == 2 * pairs {
                continue;
            }
            let middle = group(positions, pairs);
            let factor = R::splat(one_over(middle.len()));
            for channel in (0..channels).step_by(R::WIDTH) {
                let mut sum = R::load(x, from + middle.start * channels + channel);
                for other in middle.start + 1..middle.end {
                    sum = sum.add(R::load(x, from + other * channels + channel));
                }
                sum.mul(factor).store(to, place + pairs * channels + channel);
            }
        }
    }
}

/// Computes the means of neighbouring rows of `channels`: `len` numbers.
///
/// # Safety
/// The CPU must have `R`'s instructions; there must be so many numbers in `to`, and twice as many in `x`.
#[inline(always)]
unsafe fn means_of_pairs<R: Register>(x: &[f32], to: &mut [f32], len: usize, channels: usize) {
    for row in (0..len).step_by(channels) {
        for at in (row..row + channels).step_by(R::WIDTH) {
            // SAFETY: the caller's promises.
            unsafe { R::load(x, row + at).add(R::load(x, row + at + channels)).mul(R::splat(0.5)).store(to, at) }
        }
    }
}

/// Adds each group's row to all its `positions`.
///
/// # Safety
/// The CPU must have `R`'s instructions; `six` must hold a row for each group, and `to` one for each position of each frame.
#[inline(always)]
pub(super) unsafe fn spread<R: Register>(six: Six<'_>, positions: usize, to: &mut [f32], places: Places) {
    let Six { x, channels, .. } = six;
    let (pairs, all) = (positions / 4, six.positions);
    // SAFETY: the caller's promises.
    unsafe {
        for (from, place) in six.frames.into_iter().zip(places) {
            add_to_pairs::<R>(&x[from..], &mut to[place..], pairs * channels, channels);
            let right = (from + (all - pairs) * channels, place + (positions - 2 * pairs) * channels);
            add_to_pairs::<R>(&x[right.0..], &mut to[right.1..], pairs * channels, channels);
            if all == 2 * pairs {
                continue;
            }
            for channel in (0..channels).step_by(R::WIDTH) {
                let value = R::load(x, from + pairs * channels + channel);
                for position in group(positions, pairs) {
                    add_to::<R>(value, to, place + position * channels + channel);
                }
            }
        }
    }
}

/// Adds each row of `channels` of the first `len` numbers of `x` to two rows.
///
/// # Safety
/// The CPU must have `R`'s instructions; there must be so many numbers in `x`, and twice as many in `to`.
#[inline(always)]
unsafe fn add_to_pairs<R: Register>(x: &[f32], to: &mut [f32], len: usize, channels: usize) {
    for row in (0..len).step_by(channels) {
        for at in (row..row + channels).step_by(R::WIDTH) {
            // SAFETY: the caller's promises.
            unsafe {
                let value = R::load(x, at);
                add_to::<R>(value, to, row + at);
                add_to::<R>(value, to, row + at + channels);
            }
        }
    }
}

/// # Safety
/// The CPU must have `R`'s instructions; there must be a register's numbers in `to`.
#[inline(always)]
unsafe fn add_to<R: Register>(value: R, to: &mut [f32], at: usize) {
    // SAFETY: the caller's promises.
    unsafe { R::load(to, at).add(value).store(to, at) }
}

/// Copies the rows that the `wanted` positions of a frame have from their groups.
///
/// # Safety
/// The CPU must have `R`'s instructions; `x` must hold a row of `channels` for each group of all `positions`, and `to` one for
/// each of the `wanted`.
#[inline(always)]
pub(super) unsafe fn rows_of_groups<R: Register>(
    x: &[f32],
    channels: usize,
    (positions, wanted): (usize, Range<usize>),
    to: &mut [f32],
) {
    for (row, position) in wanted.enumerate() {
        let from = group_of(positions, position) * channels;
        for channel in (0..channels).step_by(R::WIDTH) {
            // SAFETY: the caller's promises.
            unsafe { R::load(x, from + channel).store(to, row * channels + channel) }
        }
    }
}
