//! A residual block in bytes: x + SiLU(convolution of kernel 3, padding 1), with integer products.
//!
//! The channels of a row become bytes, each with its own range. Weights are within +-63, with a scale for each output
//! channel. The sums are exact, so every instruction set computes the same ones. Three neighbouring rows form one row
//! of the left matrix, so nothing is gathered. The products take a quarter of the time on a CPU with an instruction for
//! them.

use super::super::aligned::Aligned;
use super::super::frames::layout::Layout;
use super::super::frames::table::{Ahead, Spread};
use super::super::gemm::{Product, Rows, SMALL};
use super::super::isa::Isa;
use super::super::packed::{Packed, Packing};
use super::super::register::{Register, nearest_byte};

/// The number of neighbouring rows that an output depends on.
const KERNEL: usize = 3;
/// The largest value of a byte.
const LARGEST: f32 = 255.0;
/// A number below the minimum of `SiLU`.
const LEAST: f32 = -0.2785;
/// The number of bytes in a word.
const WORD: usize = 4;

/// The weights of a block as bytes, and the scales of its numbers.
#[derive(Debug)]
pub(super) struct ByteBlock {
    weights: Packed,
    /// Where the integer sums start: minus the contribution of the bytes that stand for zero.
    start: Aligned,
    /// The value of 1 in a sum, by output channel.
    scales: Aligned,
    bias: Aligned,
    /// The number of byte steps per unit, by input channel.
    factors: Aligned,
    /// The byte that stands for zero, by input channel.
    zeros: Aligned,
}

impl ByteBlock {
    /// Rounds `weight` [channels, channels, 3] for `inputs` with these spreads. Rows and columns beyond are zero up to
    /// `padded`.
    ///
    /// The mean effect of rounding on an output is subtracted from its bias. Most inputs lie just above the smallest,
    /// so the errors of a channel do not cancel out.
    pub(super) fn new(weight: &[f32], bias: &[f32], inputs: &[Spread], padded: usize, packing: Packing) -> Self {
        let channels = bias.len();
        let [mut start, mut scales, mut factors, mut zeros] = [(); 4].map(|()| Aligned::zeros(padded));
        let mut means = Vec::with_capacity(channels);
        for ((factor, zero), input) in factors.iter_mut().zip(zeros.iter_mut()).zip(inputs) {
            *factor = LARGEST / (input.highest - LEAST);
            *zero = (-LEAST * *factor).round_ties_even();
            let rounded = |x: f32| (x * *factor + *zero).clamp(0.0, LARGEST).round_ties_even() - *zero;
            means.push([mean(input, |x| x * *factor), mean(input, rounded)]);
        }
        let mut corrected = Aligned::padded(bias, padded);
        // [output, tap, input]
        let mut rounded = vec![0_i8; padded * KERNEL * padded];
        let in_bytes = |output: usize, input: usize, tap: usize| {
            weight[(output * channels + input) * KERNEL + tap] / factors[input]
        };
        for output in 0..channels {
            let all = (0..channels).flat_map(|input| (0..KERNEL).map(move |tap| (input, tap)));
            let sizes = all.clone().map(|(input, tap)| in_bytes(output, input, tap).abs());
            scales[output] = sizes.fold(f32::MIN_POSITIVE, f32::max) / SMALL;
            let (mut from_zeros, mut from_rounding) = (0, 0.0);
            for (input, tap) in all {
                let exact = in_bytes(output, input, tap) / scales[output];
                let byte = nearest_byte(exact).cast_signed();
                rounded[(output * KERNEL + tap) * padded + input] = byte;
                from_zeros += i32::from(byte) * i32::from(nearest_byte(zeros[input]));
                let [input_mean, rounded_mean] = means[input];
                from_rounding += f32::from(byte) * rounded_mean - exact * input_mean;
            }
            start[output] = f32::from_bits((-from_zeros).cast_unsigned());
            corrected[output] -= from_rounding * scales[output];
        }
        let weights = Packed::new(KERNEL * padded / WORD, padded, packing, |k, output| {
            let bytes = &rounded[output * KERNEL * padded + k * WORD..][..WORD];
            f32::from_bits(u32::from_le_bytes(std::array::from_fn(|i| bytes[i].cast_unsigned())))
        });
        Self { weights, start, scales, bias: corrected, factors, zeros }
    }

    /// Replaces the rows of `x` by the block's output.
    ///
    /// # Safety
    /// The CPU must have `I`'s instructions and what bytes ask of it; `x` must hold `layout.len()` floats with clear
    /// margins, `bytes` and `products` at least `layout.transformed()`.
    #[inline(always)]
    pub(super) unsafe fn forward<I: Isa>(
        &self,
        layout: Layout,
        x: &mut [f32],
        bytes: &mut Aligned,
        products: &mut [f32],
        ahead: &mut Ahead<'_>,
    ) {
        let channels = layout.channels;
        let rows = layout.between_margins();
        // SAFETY: the caller's promises; the rows and the margins around them are below `layout.len()`, and a row of bytes
        // is a quarter of one of floats.
        unsafe {
            self.round::<I::Register>(&x[..(rows + KERNEL - 1) * channels], bytes.bytes_mut());
            let (weights, stride) = (&self.weights, channels / WORD);
            let product = Product { from: bytes, stride, rows, weights, start: &self.start, start_stride: 0 };
            I::product_of_small_bytes(product, ahead, &mut Rows { to: products, stride: channels });
            self.finish::<I::Register>(&products[..rows * channels], &mut x[channels..]);
        }
        layout.clear_margins(x);
    }

    /// Encodes rows of floats as bytes.
    #[inline(always)]
    unsafe fn round<R: Register>(&self, x: &[f32], to: &mut [u8]) {
        let channels = self.weights.columns();
        for channel in (0..channels).step_by(R::WIDTH) {
            // SAFETY: as for `forward`.
            unsafe {
                let [factor, zero] = [&self.factors, &self.zeros].map(|of| R::load(of, channel));
                let [least, largest] = [0.0, LARGEST].map(|limit| R::splat(limit));
                for at in (channel..x.len()).step_by(channels) {
                    R::load(x, at).mul_add(factor, zero).max(least).min(largest).store_bytes(to, at);
                }
            }
        }
    }

    /// Scales the sums and adds their `SiLU` to `x`.
    #[inline(always)]
    unsafe fn finish<R: Register>(&self, sums: &[f32], x: &mut [f32]) {
        let channels = self.weights.columns();
        for channel in (0..channels).step_by(R::WIDTH) {
            // SAFETY: as for `forward`.
            unsafe {
                let [scale, bias] = [&self.scales, &self.bias].map(|of| R::load(of, channel));
                for at in (channel..sums.len()).step_by(channels) {
                    let output = R::load(sums, at).integers_to_floats().mul_add(scale, bias);
                    R::load(x, at).add(output.silu()).store(x, at);
                }
            }
        }
    }
}

/// The mean of a function over the samples of an input.
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)] // some thousand numbers
fn mean(input: &Spread, of: impl Fn(f32) -> f32) -> f32 {
    (input.samples.iter().map(|&x| f64::from(of(x))).sum::<f64>() / input.samples.len() as f64) as f32
}
