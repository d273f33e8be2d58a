//! Attention: each position attends to all positions, head by head, with a few rows of scores at a time.
//!
//! Both products are multiplied in f32, or in bf16 where that is faster. Softmax and all sums are f32.

use super::super::aligned::{Aligned, LINE};
use super::super::dispatch::Packings;
use super::super::gemm::{Product, Stream};
use super::super::isa::Isa;
use super::super::packed::{Packed, parts};
use super::super::register::Register;
use super::encoder::{Encoder, Rows, Target};
use super::encoding::Encoding;
use super::linear::{Output, Then};

/// The most rows of scores at a time. They stay in the caches closest to the registers.
const ROWS: usize = 36;
/// The most rows of scores at a time on tiles, which take more rows at once.
const ROWS_ON_TILES: usize = 64;
/// The score of a column that is not a position. Its share is zero, or 2^-126 where powers of two end; its value is
/// zero.
const NOWHERE: f32 = -1e30;

/// The heads. Each one's part of a row is padded with zeros to whole cache lines.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heads {
    pub(super) count: usize,
    /// The width of a head.
    pub(super) size: usize,
}

impl Heads {
    /// Splits rows of `hidden` numbers into `count` heads.
    pub(super) fn of(hidden: usize, count: usize) -> Self {
        Self { count, size: hidden / count }
    }

    /// The number of values that a head takes up in a row, with padding.
    pub(super) fn padded(self) -> usize {
        self.size.next_multiple_of(LINE)
    }

    /// The number of values that all heads take up in a row, with padding.
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
    shares: Encoder,
    keys: Packed,
    values: Packed,
    scores: Aligned,
    starts: Aligned,
    zeros: Aligned,
    factors: Vec<f32>,
}

/// The positions that attend, and those that are attended to.
pub(super) struct Positions<'a> {
    /// The number of positions that attend: the first ones.
    pub(super) asking: usize,
    /// The number of all positions.
    pub(super) all: usize,
    /// The number of positions that are tokens. The others are padding, whose scores are less by one.
    pub(super) tokens: usize,
    /// [asking, heads], in f32 or bf16.
    pub(super) queries: Rows<'a>,
    /// [all, heads and heads], keys before values, in the same encoding.
    pub(super) keys_values: Rows<'a>,
}

impl Heads {
    /// Stores the result for each attending position, `[asking, heads]`.
    ///
    /// # Safety
    /// The CPU must have `I`'s instructions, and those of the encoding.
    #[inline(always)]
    pub(super) unsafe fn attend<I: Isa>(
        self,
        positions: &Positions<'_>,
        workspace: &mut Workspace,
        mut target: Target<'_>,
    ) {
        let &Positions { asking, all, tokens, queries, keys_values } = positions;
        let Workspace { shares, keys, values, scores, starts, zeros, factors } = workspace;
        let encoding = queries.encoding;
        let packing = encoding.packing(Packings::of::<I>());
        let columns = all.next_multiple_of(LINE);
        #[allow(clippy::cast_precision_loss)] // far fewer than 2^24
        let root = (self.size as f32).sqrt();
        let most = if packing.rows > 1 { ROWS_ON_TILES } else { ROWS };
        scores.reserve(most * columns);
        zeros.reserve(self.padded());
        starts.reserve(columns);
        starts[..tokens].fill(if tokens < all { root } else { 0.0 });
        starts[tokens..all].fill(0.0);
        starts[all..columns].fill(NOWHERE);
        for head in 0..self.count {
            let first = head * self.padded();
            let size = self.size.div_ceil(encoding.numbers_per_word());
            keys.fill((size, all), packing, keys_values.from(0, first), (1, keys_values.stride));
            let first_value = self.columns() + first;
            if encoding == Encoding::F32 {
                values.fill((all, self.size), packing, keys_values.from(0, first_value), (keys_values.stride, 1));
            } else {
                let pairs = Pairs { rows: keys_values, all, first: first_value };
                values
                    .fill_rows((pairs.count(), self.padded()), packing, |row, column, to| pairs.write(row, column, to));
            }
            for (row, rows) in parts(asking, most) {
                let (from, stride) = (queries.from(row, first), queries.stride);
                let asked = Product { from, stride, rows, weights: keys, start: starts, start_stride: 0 };
                let mut output = Output::new(Target::F32(scores, columns), Then::Store);
                // SAFETY: as for this function.
                unsafe { encoding.multiply::<I>(asked, &mut Stream::default(), &mut output) };
                factors.clear();
                for scores in scores.chunks_exact_mut(columns).take(rows) {
                    // SAFETY: as for this function.
                    let sum = unsafe { exponentials::<I::Register>(scores, std::f32::consts::LOG2_E / root) };
                    factors.push(1.0 / sum);
                }
                // SAFETY: as for this function.
                unsafe {
                    let shares = shares.encode::<I::Register>(encoding, scores, columns, (rows, columns));
                    let (from, stride) = (shares.words, shares.stride);
                    let shares = Product { from, stride, rows, weights: values, start: zeros, start_stride: 0 };
                    let mut output = Output::new(target.reborrow(), Then::Scale(factors)).at(row, first);
                    encoding.multiply::<I>(shares, &mut Stream::default(), &mut output);
                }
            }
        }
    }
}

/// The values of a head in bf16, two positions to a word.
#[derive(Clone, Copy)]
struct Pairs<'a> {
    rows: Rows<'a>,
    /// The number of positions.
    all: usize,
    /// The head's first column.
    first: usize,
}

impl Pairs<'_> {
    /// The number of rows of words.
    fn count(self) -> usize {
        self.all.div_ceil(2)
    }

    /// Writes a row of words from a column on, with the number of the earlier position first. Beyond the last position,
    /// it writes zeros.
    #[inline(always)]
    fn write(self, pair: usize, column: usize, words: &mut [f32]) {
        let from = |position: usize, at: usize| self.rows.bf16s(position, self.first + column + at);
        for (at, words) in (0..).step_by(LINE).zip(words.chunks_mut(LINE)) {
            let (early, late) = (2 * pair, 2 * pair + 1);
            if late < self.all {
                let both = from(early, at).iter().zip(from(late, at));
                words.iter_mut().zip(both).for_each(|(to, (&early, &late))| *to = word(early, late));
            } else if early < self.all {
                words.iter_mut().zip(from(early, at)).for_each(|(to, &early)| *to = word(early, 0));
            } else {
                words.fill(0.0);
            }
        }
    }
}

/// Two bf16 as a word.
#[inline(always)]
fn word(low: u16, high: u16) -> f32 {
    f32::from_bits(u32::from(low) | u32::from(high) << 16)
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
