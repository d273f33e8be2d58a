//! Weight matrices, packed for the registers in which they are multiplied.

use super::aligned::{Aligned, LINE};
use super::shares::in_shares;

/// A matrix [k, columns] of words, cut into panels that are a few registers wide. In a panel, the rows follow each
/// other.
#[derive(Debug, Default)]
pub(super) struct Packed {
    k: usize,
    /// The number of columns, padded to [`LINE`].
    columns: usize,
    values: Aligned,
}

/// Divides `len` into as few parts of at most `most` as possible, as evenly as possible: (first, count).
#[inline(always)]
pub(super) fn parts(len: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let count = len.div_ceil(most);
    // One division instead of two for each part: products of small matrices have many.
    let (less, more) = (len / count.max(1), len % count.max(1));
    (0..count).map(move |i| (i * less + i.min(more), less + usize::from(i < more)))
}

/// How a matrix is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packing {
    /// The number of words in a register.
    pub(super) width: usize,
    /// The most registers in a row of a panel.
    pub(super) panel: usize,
    /// Rows of zeros are added up to a multiple of this number.
    pub(super) rows: usize,
}

impl Packed {
    /// Packs `matrix(k, column)`. Columns beyond `columns` are zero.
    pub(super) fn new(k: usize, columns: usize, packing: Packing, matrix: impl Fn(usize, usize) -> f32 + Sync) -> Self {
        let mut packed = Self::default();
        packed.make_room((k, columns), packing);
        let numbers = packed.k * packed.columns;
        let mut left = &mut packed.values[..numbers];
        let mut panels = Vec::new();
        for (first, registers) in parts(packed.columns / packing.width, packing.panel) {
            let len = registers * packing.width;
            let (panel, others) = left.split_at_mut(packed.k * len);
            panels.push((first * packing.width, len, panel));
            left = others;
        }
        in_shares(&mut panels, numbers, |(first, len, panel)| {
            for (row, words) in panel.chunks_exact_mut(*len).enumerate().take(k) {
                for (column, word) in (*first..columns).zip(words) {
                    *word = matrix(row, column);
                }
            }
        });
        packed
    }

    /// Makes room for a matrix of this size.
    fn make_room(&mut self, (k, columns): (usize, usize), packing: Packing) {
        (self.k, self.columns) = (k.next_multiple_of(packing.rows), columns.next_multiple_of(LINE));
        self.values.reserve(self.k * self.columns);
    }

    /// Packs the words of `from`, replacing the previous ones. Word (k, column) is at `k * strides.0 + column *
    /// strides.1`. Columns beyond are zero.
    pub(super) fn fill(
        &mut self,
        (k, columns): (usize, usize),
        packing: Packing,
        from: &[f32],
        strides: (usize, usize),
    ) {
        self.make_room((k, columns), packing);
        let mut at = 0;
        for (first, registers) in parts(self.columns / packing.width, packing.panel) {
            let len = registers * packing.width;
            let own = len.min(columns.saturating_sub(first * packing.width));
            let (panel, padding) = self.values[at..at + self.k * len].split_at_mut(k * len);
            at += self.k * len;
            padding.fill(0.0);
            if own == 0 {
                panel.fill(0.0);
                continue;
            }
            for (k, row) in panel.chunks_exact_mut(len).enumerate() {
                let from = &from[k * strides.0 + first * packing.width * strides.1..];
                if strides.1 == 1 {
                    row[..own].copy_from_slice(&from[..own]);
                } else {
                    row[..own].iter_mut().zip(from.iter().step_by(strides.1)).for_each(|(to, &word)| *to = word);
                }
                row[own..].fill(0.0);
            }
        }
    }

    /// Packs rows of words that `write(row, first, words)` writes from column `first` on, replacing the previous ones.
    /// Columns must be whole cache lines.
    pub(super) fn fill_rows(
        &mut self,
        (k, columns): (usize, usize),
        packing: Packing,
        mut write: impl FnMut(usize, usize, &mut [f32]),
    ) {
        assert!(columns.is_multiple_of(LINE), "{columns} columns");
        self.make_room((k, columns), packing);
        let mut at = 0;
        for (first, registers) in parts(self.columns / packing.width, packing.panel) {
            let len = registers * packing.width;
            let (panel, padding) = self.values[at..at + self.k * len].split_at_mut(k * len);
            at += self.k * len;
            padding.fill(0.0);
            panel.chunks_exact_mut(len).enumerate().for_each(|(row, words)| write(row, first * packing.width, words));
        }
    }

    /// The number of columns of the product, including padding.
    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// The number of rows, which is the number of words that are summed in a product.
    pub(super) fn k(&self) -> usize {
        self.k
    }

    /// All panels, concatenated.
    pub(super) fn panels(&self) -> &[f32] {
        &self.values
    }
}
