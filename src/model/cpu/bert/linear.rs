//! Linear layers: what their inputs are turned into, and what becomes of their outputs.
//!
//! In int8 each weight column has a scale, and each row of inputs a scale and an offset of its own, found when it is
//! there ("dynamic quantisation"); products are summed in integers, so they do not depend on the path.

use super::super::aligned::{Aligned, LINE};
use super::super::gemm::{Packed, Product, Sink, Stream};
use super::super::lanes::{Lanes, half, nearest_byte};
use super::words::Words;

/// The largest weight in int8; -128 is left out, so that both signs have the same range.
const LARGEST_WEIGHT: f32 = 127.0;
/// The largest input in int8.
const LARGEST_INPUT: f32 = 255.0;

/// `x -> x W + b`.
#[derive(Debug)]
pub(super) struct Linear {
    weights: Packed,
    bias: Aligned,
    /// What int8 needs beside the weights.
    columns: Option<Columns>,
}

/// By column, in int8.
#[derive(Debug)]
struct Columns {
    /// What one step of a weight is worth.
    steps: Aligned,
    /// The column's weights, added up.
    sums: Aligned,
    /// What the integer sums start from.
    zeros: Aligned,
}

impl Linear {
    /// Packs the layer for a path's [`packing`](super::super::lanes::packing): `weight(input, column)` is zero where
    /// either is padding. `inputs` and the length of `bias` must be multiples of [`LINE`].
    pub(super) fn new(
        words: Words,
        packing: (usize, usize),
        inputs: usize,
        bias: &[f32],
        weight: impl Fn(usize, usize) -> f32,
    ) -> Self {
        let outputs = bias.len();
        let mut columns = None;
        let weights = match words {
            Words::Singles => Packed::new(inputs, outputs, packing, weight),
            Words::Rounded => Packed::new(inputs, outputs, packing, |input, column| {
                f32::from_bits(u32::from(half(weight(input, column))) << 16)
            }),
            Words::Halves => Packed::new(inputs / 2, outputs, packing, |word, column| {
                let [low, high] = [0, 1].map(|i| u32::from(half(weight(2 * word + i, column))));
                f32::from_bits(low | high << 16)
            }),
            Words::Bytes => {
                let largest = |column| (0..inputs).map(|input| weight(input, column).abs()).fold(0.0, f32::max);
                let steps: Vec<f32> = (0..outputs).map(|column| step(largest(column), LARGEST_WEIGHT)).collect();
                let byte = |input, column| nearest_byte(weight(input, column) / steps[column]).cast_signed();
                let sum = |column| (0..inputs).map(|input| i32::from(byte(input, column))).sum::<i32>();
                #[allow(clippy::cast_precision_loss)] // fewer than 2^24
                let sums: Vec<f32> = (0..outputs).map(|column| sum(column) as f32 * steps[column]).collect();
                columns = Some(Columns {
                    steps: Aligned::padded(&steps, outputs),
                    sums: Aligned::padded(&sums, outputs),
                    zeros: Aligned::zeros(outputs),
                });
                Packed::new(inputs / 4, outputs, packing, |word, column| {
                    let bytes = [0, 1, 2, 3].map(|i| byte(4 * word + i, column).cast_unsigned());
                    f32::from_bits(u32::from_le_bytes(bytes))
                })
            }
        };
        Self { weights, bias: Aligned::padded(bias, outputs), columns }
    }

    /// The outputs of the first `rows` rows of `input`, to rows of `to` that are `stride` floats apart.
    ///
    /// # Safety
    /// The CPU must have `L`'s instructions, and those of the input's words.
    #[inline(always)]
    pub(super) unsafe fn forward<L: Lanes>(
        &self,
        input: &Input<'_>,
        rows: usize,
        to: &mut [f32],
        stride: usize,
        then: Then<'_>,
    ) {
        let start = self.columns.as_ref().map_or(&self.bias, |columns| &columns.zeros);
        let product =
            Product { from: input.words, stride: input.stride, rows, weights: &self.weights, start, start_stride: 0 };
        let scaled = self.columns.as_ref().map(|columns| Scaled { columns, bias: &self.bias, rows: input.scales });
        let (fetch, sink) = (&mut Stream::default(), &mut Output { to, stride, scaled, then });
        // SAFETY: as for this function.
        unsafe { input.kind.multiply::<L>(product, fetch, sink) }
    }
}

/// What one of `steps` steps from 0 to `range` is worth.
fn step(range: f32, steps: f32) -> f32 {
    if range > 0.0 { range / steps } else { 1.0 }
}

/// What becomes of a layer's outputs.
#[derive(Clone, Copy, Debug)]
pub(super) enum Then<'a> {
    /// They are stored.
    Store,
    /// Their GELU is.
    Gelu,
    /// They are added to what is there.
    Add,
    /// They are stored times their row's factor.
    Scale(&'a [f32]),
}

/// Rows that are `stride` floats apart, and what to do to the numbers on their way.
pub(super) struct Output<'a> {
    to: &'a mut [f32],
    stride: usize,
    scaled: Option<Scaled<'a>>,
    then: Then<'a>,
}

/// What makes floats of the integers of int8.
struct Scaled<'a> {
    columns: &'a Columns,
    bias: &'a [f32],
    rows: &'a [Scale],
}

impl<'a> Output<'a> {
    /// For numbers that are floats already.
    pub(super) fn new(to: &'a mut [f32], stride: usize, then: Then<'a>) -> Self {
        Self { to, stride, scaled: None, then }
    }
}

impl Sink for Output<'_> {
    const PLAIN: bool = false;

    fn check(&self, rows: usize, columns: usize) {
        assert!(self.to.len() >= (rows - 1) * self.stride + columns, "no room for the outputs");
        if let Then::Scale(factors) = self.then {
            assert!(factors.len() >= rows, "factors are missing");
        }
        if let Some(scaled) = &self.scaled {
            assert!(scaled.rows.len() >= rows, "rows have no scale");
        }
    }

    #[inline(always)]
    unsafe fn put<L: Lanes>(&mut self, row: usize, column: usize, sum: L) {
        let at = row * self.stride + column;
        let mut x = sum;
        // SAFETY: the caller's promises; `check` saw the rows' factors and scales.
        unsafe {
            if let Some(Scaled { columns, bias, rows }) = &self.scaled {
                let Scale { step, low } = *rows.get_unchecked(row);
                let lowest = L::splat(low).mul_add(L::load(&columns.sums, column), L::load(bias, column));
                let step = L::splat(step).mul(L::load(&columns.steps, column));
                x = x.integers_to_floats().mul_add(step, lowest);
            }
            x = match self.then {
                Then::Store => x,
                Then::Gelu => x.gelu(),
                Then::Add => x.add(L::load(self.to, at)),
                Then::Scale(factors) => x.mul(L::splat(*factors.get_unchecked(row))),
            };
            x.store(self.to, at);
        }
    }
}

/// Rows as a product reads them.
pub(super) struct Input<'a> {
    kind: Words,
    pub(super) words: &'a [f32],
    /// Words from one row to the next.
    pub(super) stride: usize,
    scales: &'a [Scale],
}

/// What a byte of a row stands for: `low + byte * step`.
#[derive(Clone, Copy, Debug)]
struct Scale {
    step: f32,
    low: f32,
}

/// Where rows are turned into words of a lower precision; reused.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    words: Aligned,
    scales: Vec<Scale>,
}

impl Encoder {
    /// The first `columns` numbers of `rows` rows, which are `stride` floats apart.
    ///
    /// # Safety
    /// The CPU must have `L`'s instructions.
    #[inline(always)]
    pub(super) unsafe fn encode<'a, L: Lanes>(
        &'a mut self,
        kind: Words,
        from: &'a [f32],
        stride: usize,
        (rows, columns): (usize, usize),
    ) -> Input<'a> {
        assert!(columns.is_multiple_of(LINE) && from.len() >= (rows - 1) * stride + columns, "rows are missing");
        self.scales.clear();
        if kind == Words::Singles {
            return Input { kind, words: from, stride, scales: &[] };
        }
        let a_word = kind.numbers();
        // A line more, so that the rows of a tile do not all fall into the same sets of the cache.
        let to_stride = (columns / a_word).next_multiple_of(LINE) + LINE;
        self.words.reserve(rows * to_stride);
        for (row, from) in from.chunks(stride).take(rows).enumerate() {
            let (from, at) = (&from[..columns], row * to_stride * a_word);
            // SAFETY: the caller's CPU has the instructions; there is room for the row.
            unsafe {
                match kind {
                    Words::Singles => unreachable!("they are read where they lie"),
                    Words::Rounded => {
                        for column in (0..columns).step_by(L::WIDTH) {
                            L::load(from, column).with_digits_of_half().store(&mut self.words, at + column);
                        }
                    }
                    Words::Halves => {
                        for column in (0..columns).step_by(L::WIDTH) {
                            L::load(from, column).store_halves(self.words.halves_mut(), at + column);
                        }
                    }
                    Words::Bytes => self.scales.push(encode_bytes::<L>(from, &mut self.words.bytes_mut()[at..])),
                }
            }
        }
        Input { kind, words: &self.words, stride: to_stride, scales: &self.scales }
    }
}

/// A row's numbers as bytes from its smallest to its largest.
#[inline(always)]
unsafe fn encode_bytes<L: Lanes>(from: &[f32], to: &mut [u8]) -> Scale {
    // SAFETY: the caller's CPU has the instructions; `from` is whole registers, and `to` has room for as many bytes.
    unsafe {
        let mut largest = L::load(from, 0);
        let mut smallest = largest;
        for column in (L::WIDTH..from.len()).step_by(L::WIDTH) {
            let x = L::load(from, column);
            largest = largest.max(x);
            smallest = smallest.min(x);
        }
        let low = -L::splat(0.0).sub(smallest).largest();
        let step = step(largest.largest() - low, LARGEST_INPUT);
        let [factor, offset] = [1.0 / step, -low / step].map(|x| L::splat(x));
        for column in (0..from.len()).step_by(L::WIDTH) {
            let steps = L::load(from, column).mul_add(factor, offset);
            steps.max(L::splat(0.0)).min(L::splat(LARGEST_INPUT)).store_bytes(to, column);
        }
        Scale { step, low }
    }
}
