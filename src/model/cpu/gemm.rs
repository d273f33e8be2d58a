//! Small matrix products: a few rows times a weight matrix packed for the registers it is multiplied in.

use super::aligned::{Aligned, LINE};
use super::lanes::Lanes;
use super::table::Ahead;

/// A matrix [k, columns], cut into panels of a few registers of columns; in a panel row k follows row k - 1.
#[derive(Debug)]
pub(super) struct Packed {
    k: usize,
    /// Columns, padded to [`LINE`].
    columns: usize,
    values: Aligned,
}

/// Cuts `len` into as few parts of at most `most` as will do, as even as can be: (first, count).
#[inline(always)]
pub(super) fn parts(len: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let count = len.div_ceil(most);
    (0..count).map(move |i| (i * len / count, (i + 1) * len / count - i * len / count))
}

impl Packed {
    /// Packs `matrix(k, column)` for [`Lanes`] of that width and panel; columns beyond `columns` are zero.
    pub(super) fn new(
        k: usize,
        columns: usize,
        (width, panel): (usize, usize),
        matrix: impl Fn(usize, usize) -> f32,
    ) -> Self {
        let padded = columns.next_multiple_of(LINE);
        let mut values = Aligned::zeros(k * padded);
        let mut at = 0;
        for (first, registers) in parts(padded / width, panel) {
            for k in 0..k {
                for column in first * width..(first + registers) * width {
                    if column < columns {
                        values[at] = matrix(k, column);
                    }
                    at += 1;
                }
            }
        }
        Self { k, columns: padded, values }
    }

    /// Columns of the product, padding included.
    pub(super) fn columns(&self) -> usize {
        self.columns
    }
}

/// `start` plus `rows` rows of `from` times `weights`. Rows of each are so many floats apart: with a `start_stride` of 0
/// all start from the same row, a bias.
#[derive(Clone, Copy)]
pub(super) struct Product<'a> {
    pub(super) from: &'a [f32],
    pub(super) stride: usize,
    pub(super) rows: usize,
    pub(super) weights: &'a Packed,
    pub(super) start: &'a [f32],
    pub(super) start_stride: usize,
    pub(super) to_stride: usize,
}

/// Computes a [`Product`]. Each number is summed in the order of k, from `start`, whatever the path.
///
/// # Safety
/// The CPU must have `L`'s instructions.
#[inline(always)]
pub(super) unsafe fn product<L: Lanes>(product: Product<'_>, ahead: &mut Ahead<'_>, to: &mut [f32]) {
    let Product { from, stride, rows, weights, start, start_stride, to_stride } = product;
    assert!(rows > 0 && from.len() >= (rows - 1) * stride + weights.k, "rows of the left matrix are missing");
    assert!(start.len() >= (rows - 1) * start_stride + weights.columns, "rows to start from are missing");
    assert!(to.len() >= (rows - 1) * to_stride + weights.columns, "no room for the product");
    let mut at = 0;
    for (first, registers) in parts(weights.columns / L::WIDTH, L::PANEL) {
        let panel = &weights.values[at..at + weights.k * registers * L::WIDTH];
        at += panel.len();
        for (row, count) in parts(rows, L::ROWS) {
            let tile = Tile { product, panel, row, column: first * L::WIDTH };
            // SAFETY: the caller's CPU has the instructions; the rows and columns are within the slices, see above.
            unsafe {
                match registers {
                    1 => tile.rows::<L, 1>(count, ahead, to),
                    2 if L::PANEL >= 2 => tile.rows::<L, 2>(count, ahead, to),
                    3 if L::PANEL >= 3 => tile.rows::<L, 3>(count, ahead, to),
                    _ => unreachable!("a panel has 1 to L::PANEL registers"),
                }
            }
        }
    }
}

/// A few rows by one panel: what stays in registers while k runs.
#[derive(Clone, Copy)]
struct Tile<'a> {
    product: Product<'a>,
    panel: &'a [f32],
    /// The first row, and the first column.
    row: usize,
    column: usize,
}

impl Tile<'_> {
    #[inline(always)]
    unsafe fn rows<L: Lanes, const N: usize>(self, rows: usize, ahead: &mut Ahead<'_>, to: &mut [f32]) {
        // SAFETY: the caller's promises.
        unsafe {
            match rows {
                1 => self.compute::<L, 1, N>(ahead, to),
                2 => self.compute::<L, 2, N>(ahead, to),
                3 => self.compute::<L, 3, N>(ahead, to),
                4 => self.compute::<L, 4, N>(ahead, to),
                5 if L::ROWS >= 5 => self.compute::<L, 5, N>(ahead, to),
                6 if L::ROWS >= 6 => self.compute::<L, 6, N>(ahead, to),
                7 if L::ROWS >= 7 => self.compute::<L, 7, N>(ahead, to),
                8 if L::ROWS >= 8 => self.compute::<L, 8, N>(ahead, to),
                9 if L::ROWS >= 9 => self.compute::<L, 9, N>(ahead, to),
                _ => unreachable!("a tile has 1 to L::ROWS rows"),
            }
        }
    }

    #[inline(always)]
    unsafe fn compute<L: Lanes, const M: usize, const N: usize>(self, ahead: &mut Ahead<'_>, to: &mut [f32]) {
        let Product { from, stride, start, start_stride, to_stride, .. } = self.product;
        // SAFETY: the caller's promises: M rows from `row` and N registers from `column` are within the slices.
        unsafe {
            let mut sums = [[L::splat(0.0); N]; M];
            for (m, row) in sums.iter_mut().enumerate() {
                for (n, sum) in row.iter_mut().enumerate() {
                    *sum = L::load(start, (self.row + m) * start_stride + self.column + n * L::WIDTH);
                }
            }
            let steps = self.panel.len() / (N * L::WIDTH);
            let mut step = 0;
            while step < steps {
                ahead.fetch::<L>();
                let next = steps.min(step.saturating_add(L::STEPS_A_FETCH));
                for k in step..next {
                    let mut weights = [L::splat(0.0); N];
                    for (n, weight) in weights.iter_mut().enumerate() {
                        *weight = L::load(self.panel, (k * N + n) * L::WIDTH);
                    }
                    for (m, row) in sums.iter_mut().enumerate() {
                        let at = (self.row + m) * stride + k;
                        debug_assert!(at < from.len());
                        let value = L::splat(*from.get_unchecked(at));
                        for n in 0..N {
                            row[n] = value.mul_add(weights[n], row[n]);
                        }
                    }
                }
                step = next;
            }
            for (m, row) in sums.into_iter().enumerate() {
                for (n, sum) in row.into_iter().enumerate() {
                    sum.store(to, (self.row + m) * to_stride + self.column + n * L::WIDTH);
                }
            }
        }
    }
}
