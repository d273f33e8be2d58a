//! Attention: each position asks all positions, head by head, a few rows of scores at a time.
//!
//! Both products are multiplied in f32, or in bf16 where that is faster. Softmax and all sums are f32.

use super::super::aligned::{Aligned, LINE};
use super::super::gemm::{Product, Stream};
use super::super::isa::Isa;
use super::super::packed::Packed;
use super::super::register::{Register, bf16};
use super::encoding::Encoding;
use super::linear::{Encoder, Output, Then};

/// Rows of scores at a time: four tiles of the largest kind, which stay in the first-level cache.
const ROWS: usize = 36;
/// The score of a column that is not a position. Its share is zero.
const NOWHERE: f32 = -1e30;

/// The heads. Each one's part of a row is padded with zeros to whole cache lines.
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

    /// Which number a column of a row holds, counted over all heads; `None` for padding.
    pub(super) fn number(self, column: usize) -> Option<usize> {
        let (head, at) = (column / self.padded(), column % self.padded());
        (at < self.size).then_some(head * self.size + at)
    }
}

/// Working memory, reused from call to call.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    /// Of queries, keys and shares.
    encoders: [Encoder; 3],
    /// Values, two positions to a word.
    pairs: Aligned,
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
    /// How many of these are tokens. The others are padding, and their scores are less by one.
    pub(super) tokens: usize,
    /// [asking, heads], rows `stride` apart.
    pub(super) queries: &'a [f32],
    pub(super) query_stride: usize,
    /// [all, heads and heads], keys before values.
    pub(super) keys_values: &'a [f32],
    pub(super) key_value_stride: usize,
}

impl Heads {
    /// What each asking position gets from all, [asking, heads], multiplied in f32 or bf16.
    ///
    /// # Safety
    /// The CPU must have `I`'s instructions, and those of the encoding.
    #[inline(always)]
    pub(super) unsafe fn attend<I: Isa>(
        self,
        encoding: Encoding,
        positions: &Positions<'_>,
        workspace: &mut Workspace,
        to: &mut [f32],
        to_stride: usize,
    ) {
        let &Positions { asking, all, tokens, queries, query_stride, keys_values, key_value_stride } = positions;
        let Workspace { encoders, pairs, keys, values, scores, starts, zeros, factors } = workspace;
        let [query_encoder, key_encoder, share_encoder] = encoders;
        let (packing, columns) = ((I::Register::WIDTH, I::Register::PANEL), all.next_multiple_of(LINE));
        #[allow(clippy::cast_precision_loss)] // far fewer than 2^24
        let root = (self.size as f32).sqrt();
        scores.reserve(ROWS * columns);
        zeros.reserve(self.padded());
        starts.reserve(columns);
        starts[..tokens].fill(if tokens < all { root } else { 0.0 });
        starts[tokens..all].fill(0.0);
        starts[all..columns].fill(NOWHERE);
        let per_word = encoding.numbers_per_word();
        let own_values = &keys_values[self.columns()..];
        let (value_words, value_stride) = if per_word == 1 {
            (own_values, key_value_stride)
        } else {
            pair(own_values, key_value_stride, (all, self.columns()), pairs);
            (&**pairs, self.columns())
        };
        // SAFETY: the caller's CPU has the instructions.
        unsafe {
            let asked = query_encoder.encode::<I::Register>(encoding, queries, query_stride, (asking, self.columns()));
            let known =
                key_encoder.encode::<I::Register>(encoding, keys_values, key_value_stride, (all, self.columns()));
            for head in 0..self.count {
                let first = head * self.padded();
                let of_keys = (self.size.div_ceil(per_word), all);
                keys.fill(of_keys, packing, &known.words[first / per_word..], (1, known.stride));
                values.fill((all.div_ceil(per_word), self.size), packing, &value_words[first..], (value_stride, 1));
                for row in (0..asking).step_by(ROWS) {
                    let rows = ROWS.min(asking - row);
                    let from = &asked.words[row * asked.stride + first / per_word..];
                    let to = &mut to[row * to_stride + first..];
                    let asked =
                        Product { from, stride: asked.stride, rows, weights: keys, start: starts, start_stride: 0 };
                    let mut output = Output::new(scores, columns, Then::Store);
                    encoding.multiply::<I>(asked, &mut Stream::default(), &mut output);
                    factors.clear();
                    for scores in scores.chunks_exact_mut(columns).take(rows) {
                        factors.push(1.0 / exponentials::<I::Register>(scores, std::f32::consts::LOG2_E / root));
                    }
                    let shares = share_encoder.encode::<I::Register>(encoding, scores, columns, (rows, columns));
                    let (from, stride) = (shares.words, shares.stride);
                    let shares = Product { from, stride, rows, weights: values, start: zeros, start_stride: 0 };
                    let mut output = Output::new(to, to_stride, Then::Scale(factors));
                    encoding.multiply::<I>(shares, &mut Stream::default(), &mut output);
                }
            }
        }
    }
}

/// Joins pairs of rows of `from`, which are `stride` floats apart, into rows of words. A word holds two bf16, the earlier
/// row's first. An odd last row is paired with zeros.
#[inline(always)]
fn pair(from: &[f32], stride: usize, (rows, columns): (usize, usize), to: &mut Aligned) {
    to.reserve(rows.div_ceil(2) * columns);
    let word = |low: u16, high: u16| f32::from_bits(u32::from(low) | u32::from(high) << 16);
    for (row, words) in (0..rows).step_by(2).zip(to.chunks_exact_mut(columns)) {
        let early = &from[row * stride..][..columns];
        if row + 1 < rows {
            let late = &from[(row + 1) * stride..][..columns];
            let both = early.iter().zip(late);
            words.iter_mut().zip(both).for_each(|(to, (&early, &late))| *to = word(bf16(early), bf16(late)));
        } else {
            words.iter_mut().zip(early).for_each(|(to, &early)| *to = word(bf16(early), 0));
        }
    }
}

/// Replaces each score of a row by 2^(factor * (score - largest)) and returns their sum.
#[inline(always)]
pub(super) unsafe fn exponentials<R: Register>(scores: &mut [f32], factor: f32) -> f32 {
    // SAFETY: the caller's CPU has the instructions; the row is whole registers.
    unsafe {
        let mut largest = R::load(scores, 0);
        for at in (R::WIDTH..scores.len()).step_by(R::WIDTH) {
            largest = largest.max(R::load(scores, at));
        }
        let (largest, factor) = (R::splat(largest.largest()), R::splat(factor));
        let mut sum = R::splat(0.0);
        for at in (0..scores.len()).step_by(R::WIDTH) {
            let share = R::load(scores, at).sub(largest).mul(factor).exp2();
            sum = sum.add(share);
            share.store(scores, at);
        }
        sum.total()
    }
}
