//! Linear layers: how inputs are encoded, and what is done to outputs.
//!
//! In int8 each weight column has a scale. Each row of inputs has a scale and an offset of its own, found at run time
//! ("dynamic quantisation"). Products are summed in integers, so they do not depend on the instruction set.

use super::super::aligned::{Aligned, LINE};
use super::super::gemm::{Product, Sink, Stream};
use super::super::isa::Isa;
use super::super::packed::Packed;
use super::super::register::{Register, bf16, nearest_byte};
use super::encoding::Encoding;

/// The largest weight in int8. -128 is left out, so that both signs have the same range.
const LARGEST_WEIGHT: f32 = 127.0;
/// The largest input in int8.
const LARGEST_INPUT: f32 = 255.0;

/// `x -> x W + b`.
#[derive(Debug)]
pub(super) struct Linear {
    weights: Packed,
    bias: Aligned,
    /// What int8 needs besides the weights.
    columns: Option<Columns>,
}

/// Numbers for each column, in int8.
#[derive(Debug)]
struct Columns {
    /// The value of one step of a weight.
    steps: Aligned,
    /// The sum of the column's weights.
    sums: Aligned,
    /// Where the integer sums start.
    zeros: Aligned,
}

impl Linear {
    /// Packs the layer for a path's [`packing`](super::super::dispatch::packing): `weight(input, column)` is zero where
    /// either is padding. `inputs` and the length of `bias` must be multiples of [`LINE`].
    pub(super) fn new(
        encoding: Encoding,
        packing: (usize, usize),
        inputs: usize,
        bias: &[f32],
        weight: impl Fn(usize, usize) -> f32,
    ) -> Self {
        let outputs = bias.len();
        let mut columns = None;
        let weights = match encoding {
            Encoding::F32 => Packed::new(inputs, outputs, packing, weight),
            Encoding::Rounded => Packed::new(inputs, outputs, packing, |input, column| {
                f32::from_bits(u32::from(bf16(weight(input, column))) << 16)
            }),
            Encoding::Bf16 => Packed::new(inputs / 2, outputs, packing, |word, column| {
                let [low, high] = [0, 1].map(|i| u32::from(bf16(weight(2 * word + i, column))));
                f32::from_bits(low | high << 16)
            }),
            Encoding::Bytes => {
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
    /// The CPU must have `I`'s instructions, and those of the input's encoding.
    #[inline(always)]
    pub(super) unsafe fn forward<I: Isa>(
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
        unsafe { input.encoding.multiply::<I>(product, fetch, sink) }
    }
}

/// The size of one of `steps` steps from 0 to `range`.
fn step(range: f32, steps: f32) -> f32 {
    if range > 0.0 { range / steps } else { 1.0 }
}

/// What is done to a layer's outputs.
#[derive(Clone, Copy, Debug)]
pub(super) enum Then<'a> {
    /// Store them.
    Store,
    /// Store their GELU.
    Gelu,
    /// Add them to what is there.
    Add,
    /// Multiply each row by its factor, then store it.
    Scale(&'a [f32]),
}

/// Rows that are `stride` floats apart, and what to do to the numbers on their way there.
pub(super) struct Output<'a> {
    to: &'a mut [f32],
    stride: usize,
    scaled: Option<Scaled<'a>>,
    then: Then<'a>,
}

/// What turns the integers of int8 into floats.
struct Scaled<'a> {
    columns: &'a Columns,
    bias: &'a [f32],
    rows: &'a [Scale],
}

impl<'a> Output<'a> {
    /// For products that are floats already.
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
    unsafe fn put<R: Register>(&mut self, row: usize, column: usize, sum: R) {
        let at = row * self.stride + column;
        let mut x = sum;
        // SAFETY: the caller's promises; `check` saw the rows' factors and scales.
        unsafe {
            if let Some(Scaled { columns, bias, rows }) = &self.scaled {
                let Scale { step, low } = *rows.get_unchecked(row);
                let lowest = R::splat(low).mul_add(R::load(&columns.sums, column), R::load(bias, column));
                let step = R::splat(step).mul(R::load(&columns.steps, column));
                x = x.integers_to_floats().mul_add(step, lowest);
            }
            x = match self.then {
                Then::Store => x,
                Then::Gelu => x.gelu(),
                Then::Add => x.add(R::load(self.to, at)),
                Then::Scale(factors) => x.mul(R::splat(*factors.get_unchecked(row))),
            };
            x.store(self.to, at);
        }
    }
}

/// Rows as a product reads them.
pub(super) struct Input<'a> {
    encoding: Encoding,
    pub(super) words: &'a [f32],
    /// Words from one row to the next.
    pub(super) stride: usize,
    scales: &'a [Scale],
}

/// The value of a byte of a row: `low + byte * step`.
#[derive(Clone, Copy, Debug)]
struct Scale {
    step: f32,
    low: f32,
}

/// Encodes rows in a lower precision. Its memory is reused.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    words: Aligned,
    scales: Vec<Scale>,
}

impl Encoder {
    /// Encodes the first `columns` numbers of `rows` rows, which are `stride` floats apart.
    ///
    /// # Safety
    /// The CPU must have `I`'s instructions.
    #[inline(always)]
    pub(super) unsafe fn encode<'a, R: Register>(
        &'a mut self,
        encoding: Encoding,
        from: &'a [f32],
        stride: usize,
        (rows, columns): (usize, usize),
    ) -> Input<'a> {
        assert!(columns.is_multiple_of(LINE) && from.len() >= (rows - 1) * stride + columns, "rows are missing");
        self.scales.clear();
        if encoding == Encoding::F32 {
            return Input { encoding, words: from, stride, scales: &[] };
        }
        let per_word = encoding.numbers_per_word();
        // One line more, so that the rows of a tile do not all fall into the same sets of the cache.
        let to_stride = (columns / per_word).next_multiple_of(LINE) + LINE;
        self.words.reserve(rows * to_stride);
        for (row, from) in from.chunks(stride).take(rows).enumerate() {
            let (from, at) = (&from[..columns], row * to_stride * per_word);
            // SAFETY: the caller's CPU has the instructions; there is room for the row.
            unsafe {
                match encoding {
                    Encoding::F32 => unreachable!("they are read in place"),
                    Encoding::Rounded => {
                        for column in (0..columns).step_by(R::WIDTH) {
                            R::load(from, column).rounded_to_bf16().store(&mut self.words, at + column);
                        }
                    }
                    Encoding::Bf16 => {
                        for column in (0..columns).step_by(R::WIDTH) {
                            R::load(from, column).store_bf16s(self.words.bf16s_mut(), at + column);
                        }
                    }
                    Encoding::Bytes => self.scales.push(encode_bytes::<R>(from, &mut self.words.bytes_mut()[at..])),
                }
            }
        }
        Input { encoding, words: &self.words, stride: to_stride, scales: &self.scales }
    }
}

/// Encodes a row as bytes that range from its smallest number to its largest.
#[inline(always)]
unsafe fn encode_bytes<R: Register>(from: &[f32], to: &mut [u8]) -> Scale {
    // SAFETY: the caller's CPU has the instructions; `from` is whole registers, and `to` has room for as many bytes.
    unsafe {
        let mut largest = R::load(from, 0);
        let mut smallest = largest;
        for column in (R::WIDTH..from.len()).step_by(R::WIDTH) {
            let x = R::load(from, column);
            largest = largest.max(x);
            smallest = smallest.min(x);
        }
        let low = -R::splat(0.0).sub(smallest).largest();
        let step = step(largest.largest() - low, LARGEST_INPUT);
        let [factor, offset] = [1.0 / step, -low / step].map(|x| R::splat(x));
        for column in (0..from.len()).step_by(R::WIDTH) {
            let steps = R::load(from, column).mul_add(factor, offset);
            steps.max(R::splat(0.0)).min(R::splat(LARGEST_INPUT)).store_bytes(to, column);
        }
        Scale { step, low }
    }
}
