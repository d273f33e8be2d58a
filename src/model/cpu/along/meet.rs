//! What the frames hear of each other: means over the strands' frames, and the greatest of all.

use super::super::frames::layout::one_over;
use super::super::frames::table::FRAMES;
use super::super::register::Register;
use super::ALL_FRAMES;

/// Some positions of the six frames. Each strand runs in its own direction.
#[derive(Clone, Copy)]
pub(super) struct Six<'a> {
    pub(super) x: &'a [f32],
    /// Where each frame's first row is.
    pub(super) frames: [usize; ALL_FRAMES],
    pub(super) positions: usize,
    pub(super) channels: usize,
}

/// What six frames have in common at a position of the plus strand.
struct Common<R> {
    /// The sum over each strand's frames.
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

    /// For each strand, at each of its positions: the mean over its own frames, over the other strand's, and the greatest.
    ///
    /// # Safety
    /// The CPU must have `R`'s instructions; all frames' rows must be within `x`, and `to` must hold two rows of three times
    /// the channels for each position.
    #[inline(always)]
    pub(super) unsafe fn heard<R: Register>(&self, to: &mut [f32]) {
        let (positions, channels) = (self.positions, self.channels);
        for position in 0..positions {
            for channel in (0..channels).step_by(R::WIDTH) {
                // SAFETY: the caller's promises.
                unsafe {
                    let Common { sums, greatest } = self.common::<R>(position, channel);
                    let third = R::splat(one_over(FRAMES));
                    let means = [sums[0].mul(third), sums[1].mul(third)];
                    for strand in 0..2 {
                        let row = if strand == 0 { position } else { 2 * positions - 1 - position };
                        let at = 3 * row * channels + channel;
                        means[strand].store(to, at);
                        means[1 - strand].store(to, at + channels);
                        greatest.store(to, at + 2 * channels);
                    }
                }
            }
        }
    }

    /// At each position of the plus strand: the mean and the greatest of all six frames.
    ///
    /// # Safety
    /// As for [`heard`](Self::heard), with a row of two times the channels for each position.
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
