//! Computes the stem of a frame by summing table rows.

use super::super::packed::parts;
use super::super::register::Register;
use super::table::{Entries, FRAMES, STRIDE, Storage, Table};

impl Table {
    /// Computes the stem of one frame, with `SiLU` where asked: output j is the sum over the strides j - 1 (taps 0 to 2) and j (taps 3 to 5)
    /// of its tokens, whose table rows are every third of `rows`. The first `skipped` outputs are left out.
    ///
    /// # Safety
    /// The CPU must have `R`'s instructions; every number in `rows` must be a row of the table, and there must be room for
    /// the outputs in `x`.
    #[inline(always)]
    pub(in super::super) unsafe fn stem<R: Register, const SILU: bool>(
        &self,
        rows: &[u32],
        (skipped, outputs): (usize, usize),
        x: &mut [f32],
    ) {
        // SAFETY: the caller's promises.
        unsafe {
            match self.storage() {
                Storage::F32(entries) => self.stem_of::<R, _, SILU>(entries, rows, (skipped, outputs), x),
                Storage::I16(entries) => self.stem_of::<R, _, SILU>(entries, rows, (skipped, outputs), x),
            }
        }
    }

    #[inline(always)]
    unsafe fn stem_of<R: Register, T: Entries, const SILU: bool>(
        &self,
        entries: &T,
        rows: &[u32],
        outputs: (usize, usize),
        x: &mut [f32],
    ) {
        for (first, registers) in parts(self.channels() / R::WIDTH, R::PANEL) {
            let first = first * R::WIDTH;
            // SAFETY: the caller's promises.
            unsafe {
                match registers {
                    1 => self.stem_part::<R, T, 1, SILU>((entries, rows), outputs, first, x),
                    2 if R::PANEL >= 2 => self.stem_part::<R, T, 2, SILU>((entries, rows), outputs, first, x),
                    3 if R::PANEL >= 3 => self.stem_part::<R, T, 3, SILU>((entries, rows), outputs, first, x),
                    _ => unreachable!("a panel has 1 to R::PANEL registers"),
                }
            }
        }
    }

    /// Computes N registers of the outputs, from the channel `first` on.
    #[inline(always)]
    unsafe fn stem_part<R: Register, T: Entries, const N: usize, const SILU: bool>(
        &self,
        (entries, rows): (&T, &[u32]),
        (skipped, outputs): (usize, usize),
        first: usize,
        x: &mut [f32],
    ) {
        // SAFETY: the caller's promises.
        unsafe {
            let mut bias = [entries.bias::<R>(first); N];
            for (n, bias) in bias.iter_mut().enumerate() {
                *bias = entries.bias::<R>(first + n * R::WIDTH);
            }
            let mut carried = bias;
            for output in 0..skipped + outputs {
                let mut here = carried;
                carried = bias;
                for place in 0..STRIDE {
                    let row = rows[output * STRIDE * FRAMES + place * FRAMES] as usize;
                    let taps = row + self.taps(place) + first;
                    for n in 0..N {
                        carried[n] = T::add::<R>(carried[n], entries.load::<R>(taps + n * R::WIDTH));
                        here[n] = T::add::<R>(here[n], entries.load::<R>(taps + self.channels() + n * R::WIDTH));
                    }
                }
                if output < skipped {
                    continue;
                }
                for (n, here) in here.into_iter().enumerate() {
                    let column = first + n * R::WIDTH;
                    let at = (output - skipped) * self.channels() + column;
                    let here = entries.floats::<R>(here, column);
                    let here = if SILU { here.silu() } else { here };
                    here.store(x, at);
                }
            }
        }
    }
}
