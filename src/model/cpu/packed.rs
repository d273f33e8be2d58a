//! Weight matrices, packed for the registers they are multiplied in.

use super::aligned::{Aligned, LINE};

/// A matrix [k, columns] of words, cut into panels of a few registers of columns. In a panel, row follows row.
#[derive(Debug, Default)]
pub(super) struct Packed {
    k: usize,
    /// Columns, padded to [`LINE`].
    columns: usize,
    values: Aligned,
}

/// Cuts `len` into as few parts of at most `most` as possible, as even as possible: (first, count).
#[inline(always)]
pub(super) fn parts(len: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let count = len.div_ceil(most);
    (0..count).map(move |i| (i * len / count, (i + 1) * len / count - i * len / count))
}

impl Packed {
    /// Packs `matrix(k, column)` for [`Register`]s of that width and panel; columns beyond `columns` are zero.
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

    /// Packs the words of `from` anew. Word (k, column) is at `k * strides.0 + column * strides.1`. Columns beyond are zero.
    pub(super) fn fill(
        &mut self,
        (k, columns): (usize, usize),
        (width, panel): (usize, usize),
        from: &[f32],
        strides: (usize, usize),
    ) {
        let padded = columns.next_multiple_of(LINE);
        (self.k, self.columns) = (k, padded);
        self.values.reserve(k * padded);
        let mut at = 0;
        for (first, registers) in parts(padded / width, panel) {
            let len = registers * width;
            let own = len.min(columns.saturating_sub(first * width));
            let panel = &mut self.values[at..at + k * len];
            at += k * len;
            if own == 0 {
                panel.fill(0.0);
                continue;
            }
            for (k, row) in panel.chunks_exact_mut(len).enumerate() {
                let from = &from[k * strides.0 + first * width * strides.1..];
                if strides.1 == 1 {
                    row[..own].copy_from_slice(&from[..own]);
                } else {
                    row[..own].iter_mut().zip(from.iter().step_by(strides.1)).for_each(|(to, &word)| *to = word);
                }
                row[own..].fill(0.0);
            }
        }
    }

    /// Columns of the product, including padding.
    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// Rows: the words of a product's sum.
    pub(super) fn k(&self) -> usize {
        self.k
    }

    /// All panels, one after the other.
    pub(super) fn panels(&self) -> &[f32] {
        &self.values
    }
}
