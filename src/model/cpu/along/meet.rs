//! The exchange between frames: means over the frames of each strand, and the maximum over all.
//!
//! Each strand gets the mean over its own frames, the mean over the other strand's, and the maximum over all six. The
//! means are multiplied as their sum and their difference. The product with the sum and the maximum is the same for
//! both strands, and the product with the difference has the opposite sign: so three vectors are multiplied per
//! position, not six.

use super::super::aligned::Aligned;
use super::super::frames::layout::one_over;
use super::super::frames::linear::{Linear, padded_inputs};
use super::super::frames::table::FRAMES;
use super::super::isa::Isa;
use super::super::packed::Packing;
use super::super::register::Register;
use super::ALL_FRAMES;
use super::six::{Places, Six};

/// Sums and maximum over six frames at a position of the plus strand.
struct Common<R> {
    /// The sum over the frames of each strand.
    sums: [R; 2],
    greatest: R,
}

impl Six<'_> {
    /// # Safety
    /// The CPU must have `R`'s instructions; position and channel must be within the rows.
    #[inline(always)]
    unsafe fn common<R: Register>(&self, position: usize, channel: usize) -> Common<R> {
        let Self { x, frames, positions, channels } = self;
        // No closures: one that is left out of line loses its caller's target features.
        // SAFETY: the caller's promises.
        unsafe {
            let mut sums = [R::splat(0.0); 2];
            let mut greatest = R::splat(f32::NEG_INFINITY);
            for (strand, sum) in sums.iter_mut().enumerate() {
                let row = if strand == 0 { position } else { positions - 1 - position };
                let at = row * channels + channel;
                let own = [frames[strand * FRAMES], frames[strand * FRAMES + 1], frames[strand * FRAMES + 2]];
                let (a, b, c) = (R::load(x, own[0] + at), R::load(x, own[1] + at), R::load(x, own[2] + at));
                *sum = a.add(b).add(c);
                greatest = greatest.max(a.max(b).max(c));
            }
            Common { sums, greatest }
        }
    }

    /// Computes the mean and the maximum over all six frames at each position of the plus strand.
    ///
    /// # Safety
    /// The CPU must have `R`'s instructions; all frames' rows must be within `x`, and `to` must hold a row of two times the
    /// channels for each position.
    #[inline(always)]
    pub(super) unsafe fn seen<R: Register>(&self, to: &mut [f32]) {
        for position in 0..self.positions {
            for channel in (0..self.channels).step_by(R::WIDTH) {
                // SAFETY: the caller's promises.
                unsafe {
                    let Common { sums: [plus, minus], greatest } = self.common::<R>(position, channel);
                    let at = 2 * position * self.channels + channel;
                    plus.add(minus).mul(R::splat(one_over(ALL_FRAMES))).store(to, at);
                    greatest.store(to, at + self.channels);
                }
            }
        }
    }
}

/// The weights of the exchange.
#[derive(Debug)]
pub(super) struct Meet {
    /// The weights for the sum of the means and the maximum, with the bias.
    common: Linear,
    /// The weights for the difference of the means.
    difference: Linear,
}

/// Working memory: a row for each position of the plus strand, read after read.
#[derive(Debug, Default)]
pub(super) struct Room {
    /// The sum of the means and the maximum, then their product.
    common: Aligned,
    of_common: Aligned,
    /// The difference of the means, then its product.
    difference: Aligned,
    of_difference: Aligned,
}

impl Room {
    pub(super) fn reserve(&mut self, positions: usize, channels: usize) {
        self.common.reserve(2 * positions * channels);
        for rows in [&mut self.of_common, &mut self.difference, &mut self.of_difference] {
            rows.reserve(positions * channels);
        }
    }

    /// Computes the inputs for the positions of `six`, whose first row is `first`.
    ///
    /// # Safety
    /// The CPU must have `R`'s instructions; all frames' rows must be within `six`, and the room hold the positions.
    #[inline(always)]
    pub(super) unsafe fn take<R: Register>(&mut self, first: usize, six: Six<'_>) {
        let third = one_over(FRAMES);
        for position in 0..six.positions {
            for channel in (0..six.channels).step_by(R::WIDTH) {
                let row = (first + position) * six.channels;
                // SAFETY: the caller's promises.
                unsafe {
                    let Common { sums: [plus, minus], greatest } = six.common::<R>(position, channel);
                    plus.add(minus).mul(R::splat(third)).store(&mut self.common, 2 * row + channel);
                    greatest.store(&mut self.common, 2 * row + six.channels + channel);
                    plus.sub(minus).mul(R::splat(third)).store(&mut self.difference, row + channel);
                }
            }
        }
    }

    /// Copies the products at `positions`, from row `first` on, to each frame of `to`.
    ///
    /// # Safety
    /// The CPU must have `R`'s instructions; the room must hold the products, and `to` a row for each position of each frame.
    #[inline(always)]
    pub(super) unsafe fn give<R: Register>(
        &self,
        (first, positions): (usize, usize),
        channels: usize,
        to: &mut [f32],
        places: Places,
    ) {
        for position in 0..positions {
            let mirrored = positions - 1 - position;
            for channel in (0..channels).step_by(R::WIDTH) {
                let at = (first + position) * channels + channel;
                // SAFETY: the caller's promises.
                unsafe {
                    let (common, difference) = (R::load(&self.of_common, at), R::load(&self.of_difference, at));
                    let (plus, minus) = (common.add(difference), common.sub(difference));
                    for frame in 0..FRAMES {
                        plus.store(to, places[frame] + position * channels + channel);
                        minus.store(to, places[FRAMES + frame] + mirrored * channels + channel);
                    }
                }
            }
        }
    }
}

impl Meet {
    /// Splits the weights `[channels, 3 channels]` for the strand's own mean, the other strand's, and the maximum.
    pub(super) fn new(weight: &[f32], bias: &[f32], packing: Packing) -> Self {
        let c = bias.len();
        let (mut common, mut difference) = (Vec::with_capacity(2 * c * c), Vec::with_capacity(c * c));
        for row in weight.chunks_exact(3 * c) {
            let (own, other, greatest) = (&row[..c], &row[c..2 * c], &row[2 * c..]);
            common.extend(own.iter().zip(other).map(|(own, other)| 0.5 * (own + other)));
            common.extend_from_slice(greatest);
            difference.extend(own.iter().zip(other).map(|(own, other)| 0.5 * (own - other)));
        }
        Self {
            common: Linear::new(&common, bias, &padded_inputs(&[c; 2]), packing),
            difference: Linear::new(&difference, &vec![0.0; c], &padded_inputs(&[c]), packing),
        }
    }

    /// Multiplies `positions` positions in the room.
    ///
    /// # Safety
    /// The CPU must have `I`'s instructions; the room must hold the positions.
    #[inline(always)]
    pub(super) unsafe fn multiply<I: Isa>(&self, positions: usize, channels: usize, room: &mut Room) {
        let Room { common, of_common, difference, of_difference } = room;
        // SAFETY: the caller's promises.
        unsafe {
            self.common.forward::<I>(common, 2 * channels, positions, of_common);
            self.difference.forward::<I>(difference, channels, positions, of_difference);
        }
    }
}
