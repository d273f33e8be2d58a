//! Attention: each position asks all positions, head by head, a few rows of scores at a time.

use super::super::aligned::{Aligned, LINE};
use super::super::gemm::{Packed, Product, Stream};
use super::super::lanes::Lanes;
use super::linear::{Output, Then};

/// Rows of scores worked on at once: four tiles of the largest kind, so that they stay in the cache next to the registers.
const ROWS: usize = 36;
/// The score of a column that is no position: its share is zero.
const NOWHERE: f32 = -1e30;

/// Heads, and how their parts lie in a row: each padded with zeros to whole cache lines.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heads {
    pub(super) count: usize,
    /// Numbers a head has.
    pub(super) size: usize,
}

impl Heads {
    /// Numbers a head takes up in a row.
    pub(super) fn padded(self) -> usize {
        self.size.next_multiple_of(LINE)
    }

    /// Numbers all heads take up in a row.
    pub(super) fn columns(self) -> usize {
        self.count * self.padded()
    }

    /// Which of a head's numbers a column of a row is, counted over all heads; none for padding.
    pub(super) fn number(self, column: usize) -> Option<usize> {
        let (head, at) = (column / self.padded(), column % self.padded());
        (at < self.size).then_some(head * self.size + at)
    }
}

/// What attention is computed on; reused.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    keys: Packed,
    values: Packed,
    scores: Aligned,
    starts: Aligned,
    zeros: Aligned,
    factors: Vec<f32>,
}

/// Who asks, and who is asked.
pub(super) struct Positions<'a> {
    /// How many positions ask: the first ones.
    pub(super) asking: usize,
    /// How many there are.
    pub(super) all: usize,
    /// How many of these are tokens; the others are padding, whose scores are less by one.
    pub(super) tokens: usize,
    /// [asking, heads], rows `stride` apart.
    pub(super) queries: &'a [f32],
    pub(super) query_stride: usize,
    /// [all, heads and heads], keys before values.
    pub(super) keys_values: &'a [f32],
    pub(super) key_value_stride: usize,
}

impl Heads {
    /// What each asking position gets from all, [asking, heads].
    ///
    /// # Safety
    /// The CPU must have `L`'s instructions.
    #[inline(always)]
    pub(super) unsafe fn attend<L: Lanes>(
        self,
        positions: &Positions<'_>,
        workspace: &mut Workspace,
        to: &mut [f32],
        to_stride: usize,
    ) {
        let &Positions { asking, all, tokens, queries, query_stride, keys_values, key_value_stride } = positions;
        let Workspace { keys, values, scores, starts, zeros, factors } = workspace;
        let (packing, columns) = ((L::WIDTH, L::PANEL), all.next_multiple_of(LINE));
        #[allow(clippy::cast_precision_loss)] // far fewer than 2^24
        let root = (self.size as f32).sqrt();
        scores.reserve(ROWS * columns);
        zeros.reserve(self.padded());
        starts.reserve(columns);
        starts[..tokens].fill(if tokens < all { root } else { 0.0 });
        starts[tokens..all].fill(0.0);
        starts[all..columns].fill(NOWHERE);
        for head in 0..self.count {
            let first = head * self.padded();
            keys.fill((self.size, all), packing, &keys_values[first..], (1, key_value_stride));
            values.fill((all, self.size), packing, &keys_values[self.columns() + first..], (key_value_stride, 1));
            for row in (0..asking).step_by(ROWS) {
                let rows = ROWS.min(asking - row);
                let from = &queries[row * query_stride + first..];
                let to = &mut to[row * to_stride + first..];
                let asked = Product { from, stride: query_stride, rows, weights: keys, start: starts, start_stride: 0 };
                // SAFETY: the caller's CPU has the instructions.
                unsafe {
                    L::product(asked, &mut Stream::default(), &mut Output::new(scores, columns, Then::Store));
                    factors.clear();
                    for scores in scores.chunks_exact_mut(columns).take(rows) {
                        factors.push(1.0 / exponentials::<L>(scores, std::f32::consts::LOG2_E / root));
                    }
                    let shares =
                        Product { from: scores, stride: columns, rows, weights: values, start: zeros, start_stride: 0 };
                    L::product(shares, &mut Stream::default(), &mut Output::new(to, to_stride, Then::Scale(factors)));
                }
            }
        }
    }
}

/// Replaces a row of scores by 2^(factor * (score - largest)), and adds these up.
#[inline(always)]
pub(super) unsafe fn exponentials<L: Lanes>(scores: &mut [f32], factor: f32) -> f32 {
    // SAFETY: the caller's CPU has the instructions; the row is whole registers.
    unsafe {
        let mut largest = L::load(scores, 0);
        for at in (L::WIDTH..scores.len()).step_by(L::WIDTH) {
            largest = largest.max(L::load(scores, at));
        }
        let (largest, factor) = (L::splat(largest.largest()), L::splat(factor));
        let mut sum = L::splat(0.0);
        for at in (0..scores.len()).step_by(L::WIDTH) {
            let share = L::load(scores, at).sub(largest).mul(factor).exp2();
            sum = sum.add(share);
            share.store(scores, at);
        }
        sum.total()
    }
}
