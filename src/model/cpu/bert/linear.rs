//! Linear layers, and the operations on their outputs.
//!
//! In int8, each column of weights has a scale. Each row of inputs has its own scale and offset, found at run time
//! ("dynamic quantisation"). Products are summed in integers, so they do not depend on the instruction set.

use super::super::aligned::Aligned;
use super::super::dispatch::Packings;
use super::super::gemm::{Finished, Product, Sink, Stream};
use super::super::isa::Isa;
use super::super::packed::Packed;
use super::super::register::{Register, bf16, nearest_byte};
use super::super::shares::in_shares;
use super::encoder::{Numbers, Rows, Scale, Target, step};
use super::encoding::Encoding;

/// The largest weight in int8. -128 is left out, so that both signs have the same range.
const LARGEST_WEIGHT: f32 = 127.0;

/// `x -> x W + b`.
#[derive(Debug)]
pub(super) struct Linear {
    weights: Packed,
    bias: Aligned,
    /// The additional data for int8.
    columns: Option<Columns>,
}

/// The data for each column in int8.
#[derive(Debug)]
struct Columns {
    /// The value of one step of a weight.
    steps: Aligned,
    /// The sum of the column's weights.
    sums: Aligned,
    /// Where the integer sums start.
    zeros: Aligned,
}

/// The weights of a column as bytes.
struct Column {
    number: usize,
    /// The value of one step.
    step: f32,
    /// The weights in two's complement.
    bytes: Vec<u8>,
}

impl Column {
    /// Creates a column without weights.
    fn new(number: usize) -> Self {
        Self { number, step: 0.0, bytes: Vec::new() }
    }

    /// Rounds the weights of the column.
    fn round(&mut self, inputs: usize, weight: impl Fn(usize, usize) -> f32) {
        let own = || (0..inputs).map(|input| weight(input, self.number));
        self.step = step(own().map(f32::abs).fold(0.0, f32::max), LARGEST_WEIGHT);
        self.bytes = own().map(|weight| nearest_byte(weight / self.step)).collect();
    }

    /// The sum of the weights.
    #[allow(clippy::cast_precision_loss)] // fewer than 2^24
    fn sum(&self) -> f32 {
        self.bytes.iter().map(|byte| i32::from(byte.cast_signed())).sum::<i32>() as f32 * self.step
    }
}

/// Splits `x` into three bf16 that add up to it, except for the last bit: the nearest one, and twice the nearest to
/// what is left.
pub(super) fn parts_of(x: f32) -> [u16; 3] {
    let mut left = x;
    [(); 3].map(|()| {
        let part = bf16(left);
        left -= f32::from_bits(u32::from(part) << 16);
        part
    })
}

impl Linear {
    /// Packs the layer. `weight(input, column)` is zero for padding. `inputs` and the length of `bias` must be
    /// multiples of the floats in a cache line.
    pub(super) fn new(
        encoding: Encoding,
        packings: Packings,
        inputs: usize,
        bias: &[f32],
        weight: impl Fn(usize, usize) -> f32 + Sync,
    ) -> Self {
        let (outputs, packing) = (bias.len(), encoding.packing(packings));
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
            Encoding::SplitBf16 => Packed::new(inputs.div_ceil(32) * 48, outputs, packing, |word, column| {
                // The high parts of 32 numbers come first, then their low parts, then what these two leave.
                let (first, which) = (word / 48 * 32 + word % 16 * 2, word % 48 / 16);
                let part = |i: usize| {
                    let x = if first + i < inputs { weight(first + i, column) } else { 0.0 };
                    u32::from(parts_of(x)[which])
                };
                f32::from_bits(part(0) | part(1) << 16)
            }),
            Encoding::Bytes => {
                let mut rounded: Vec<Column> = (0..outputs).map(Column::new).collect();
                in_shares(&mut rounded, inputs * outputs, |column| column.round(inputs, &weight));
                let all =
                    |of: fn(&Column) -> f32| Aligned::padded(&rounded.iter().map(of).collect::<Vec<f32>>(), outputs);
                columns = Some(Columns {
                    steps: all(|column| column.step),
                    sums: all(Column::sum),
                    zeros: Aligned::zeros(outputs),
                });
                Packed::new(inputs / 4, outputs, packing, |word, column| {
                    let (words, _) = rounded[column].bytes.as_chunks();
                    f32::from_bits(u32::from_le_bytes(words[word]))
                })
            }
        };
        Self { weights, bias: Aligned::padded(bias, outputs), columns }
    }

    /// Stores the outputs of the first `rows` rows of `input`.
    ///
    /// # Safety
    /// The CPU must have `I`'s instructions, and those of the input's encoding.
    #[inline(always)]
    pub(super) unsafe fn forward<I: Isa>(&self, input: Rows<'_>, rows: usize, target: Target<'_>, then: Then<'_>) {
        let start = self.columns.as_ref().map_or(&self.bias, |columns| &columns.zeros);
        let product =
            Product { from: input.words, stride: input.stride, rows, weights: &self.weights, start, start_stride: 0 };
        let scaled = self.columns.as_ref().map(|columns| Scaled { columns, bias: &self.bias, rows: input.scales });
        let (fetch, sink) = (&mut Stream::default(), &mut Output { target, first: (0, 0), scaled, then });
        // SAFETY: as for this function.
        unsafe { input.encoding.multiply::<I>(product, fetch, sink) }
    }
}

/// The operation on a layer's outputs.
#[derive(Clone, Copy, Debug)]
pub(super) enum Then<'a> {
    /// Store the outputs.
    Store,
    /// Store the GELU of the outputs.
    Gelu,
    /// Add the outputs to what is stored.
    Add,
    /// Multiply each row by its factor, then store it.
    Scale(&'a [f32]),
}

/// The target of outputs, and the operations on the way there.
pub(super) struct Output<'a> {
    target: Target<'a>,
    /// The row and the column of the first output.
    first: (usize, usize),
    scaled: Option<Scaled<'a>>,
    then: Then<'a>,
}

/// Turns the integer sums of int8 into floats.
struct Scaled<'a> {
    columns: &'a Columns,
    bias: &'a [f32],
    rows: &'a [Scale],
}

impl<'a> Output<'a> {
    /// Creates an output for products that are floats already.
    pub(super) fn new(target: Target<'a>, then: Then<'a>) -> Self {
        Self { target, first: (0, 0), scaled: None, then }
    }

    /// Moves the output to start at this row and column of the target.
    pub(super) fn at(mut self, row: usize, column: usize) -> Self {
        self.first = (row, column);
        self
    }
}

impl Sink for Output<'_> {
    const PLAIN: bool = false;

    fn check(&self, rows: usize, columns: usize) {
        assert!(self.target.has_room(self.first.0 + rows, self.first.1 + columns), "no room for the outputs");
        if let Then::Scale(factors) = self.then {
            assert!(factors.len() >= rows, "factors are missing");
        }
        if let Some(scaled) = &self.scaled {
            assert!(scaled.rows.len() >= rows, "rows have no scale");
        }
    }

    #[inline(always)]
    unsafe fn put<R: Register>(&mut self, row: usize, column: usize, sum: R) {
        let mut x = sum;
        // SAFETY: the caller's promises; `check` checked the rows' factors and scales.
        unsafe {
            if let Some(Scaled { columns, bias, rows }) = &self.scaled {
                let Scale { step, low } = *rows.get_unchecked(row);
                let lowest = R::splat(low).mul_add(R::load(&columns.sums, column), R::load(bias, column));
                let step = R::splat(step).mul(R::load(&columns.steps, column));
                x = x.integers_to_floats().mul_add(step, lowest);
            }
            x = match self.then {
                Then::Store | Then::Add => x,
                Then::Gelu => x.gelu(),
                Then::Scale(factors) => x.mul(R::splat(*factors.get_unchecked(row))),
            };
            let add = matches!(self.then, Then::Add);
            self.target.store(self.first.0 + row, self.first.1 + column, x, add);
        }
    }

    /// Applies `put` to the whole block, one step after the other: the block stays in the first-level cache.
    #[inline(always)]
    unsafe fn put_block<R: Register>(&mut self, block: Finished<'_>) {
        let Finished { rows, columns, sums, stride } = block;
        // SAFETY: the caller's promises; `check` checked the rows' factors and scales.
        unsafe {
            if let Some(scaled) = &self.scaled {
                for (at, column) in columns.clone().enumerate().step_by(R::WIDTH) {
                    let of_columns = &scaled.columns;
                    let (steps, bias) = (R::load(&of_columns.steps, column), R::load(scaled.bias, column));
                    let of_zero = R::load(&of_columns.sums, column);
                    for (row, sums) in rows.clone().zip(sums.chunks_mut(stride)) {
                        let Scale { step, low } = *scaled.rows.get_unchecked(row);
                        let lowest = R::splat(low).mul_add(of_zero, bias);
                        let x = R::load(sums, at).integers_to_floats();
                        x.mul_add(R::splat(step).mul(steps), lowest).store(sums, at);
                    }
                }
            }
            for (row, sums) in rows.clone().zip(sums.chunks_mut(stride)) {
                match self.then {
                    Then::Store | Then::Add => break,
                    Then::Gelu => {
                        for at in (0..columns.len()).step_by(R::WIDTH) {
                            R::load(sums, at).gelu().store(sums, at);
                        }
                    }
                    Then::Scale(factors) => {
                        let factor = R::splat(*factors.get_unchecked(row));
                        for at in (0..columns.len()).step_by(R::WIDTH) {
                            R::load(sums, at).mul(factor).store(sums, at);
                        }
                    }
                }
            }
            let (first, add) = (self.first, matches!(self.then, Then::Add));
            let numbers = Numbers { rows: rows.len(), columns: columns.len(), from: sums, stride };
            self.target.store_rows::<R>(first.0 + rows.start, first.1 + columns.start, &numbers, add);
        }
    }
}
