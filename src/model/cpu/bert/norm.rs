//! Layer normalisation.

use super::super::aligned::Aligned;
use super::super::register::Register;

/// Normalises rows to mean 0 and variance 1, then scales and shifts each column.
#[derive(Debug)]
pub(super) struct Norm {
    scale: Aligned,
    shift: Aligned,
    columns: usize,
    epsilon: f32,
}

impl Norm {
    /// Creates a normalisation from `scale` and `shift` by column, a multiple of [`LINE`](super::super::aligned::LINE)
    /// of them.
    pub(super) fn new(scale: &[f32], shift: &[f32], epsilon: f32) -> Self {
        let columns = scale.len();
        Self { scale: Aligned::padded(scale, columns), shift: Aligned::padded(shift, columns), columns, epsilon }
    }

    /// Normalises a row in place.
    ///
    /// # Safety
    /// The CPU must have `R`'s instructions.
    #[inline(always)]
    pub(super) unsafe fn forward<R: Register>(&self, row: &mut [f32]) {
        let row = &mut row[..self.columns];
        #[allow(clippy::cast_precision_loss)] // a row has far fewer than 2^24 columns
        let share = 1.0 / self.columns as f32;
        // SAFETY: the caller's CPU has the instructions; the columns are whole registers.
        unsafe {
            let mut sum = R::splat(0.0);
            for column in (0..row.len()).step_by(R::WIDTH) {
                sum = sum.add(R::load(row, column));
            }
            let mean = R::splat(sum.total() * share);
            let mut squares = R::splat(0.0);
            for column in (0..row.len()).step_by(R::WIDTH) {
                let x = R::load(row, column).sub(mean);
                squares = x.mul_add(x, squares);
            }
            let factor = R::splat(1.0 / (squares.total() * share + self.epsilon).sqrt());
            for column in (0..row.len()).step_by(R::WIDTH) {
                let x = R::load(row, column).sub(mean).mul(factor);
                x.mul_add(R::load(&self.scale, column), R::load(&self.shift, column)).store(row, column);
            }
        }
    }
}
