//! A residual block: x + SiLU(convolution of kernel 3, padding 1), in Winograd's domain.
//!
//! This is F(6, 3) of Lavin and Gray, "Fast algorithms for convolutional neural networks" (2016), in one dimension, at the
//! points 0, 1, -1, 2, -2, 1/2, -1/2 and infinity. Six outputs take eight products instead of eighteen. Its rounding error
//! is about two and a half times the direct convolution's, a tenth of what we allow.

use super::super::aligned::Aligned;
use super::super::gemm::{Product, Rows};
use super::super::isa::Isa;
use super::super::packed::{Packed, Packing};
use super::super::register::Register;
use super::layout::{INPUTS, Layout, OUTPUTS};
use super::table::Ahead;

/// The product at the point 1. It enters every output unchanged, and so does a bias that it starts from.
const AT_ONE: usize = 1;

/// Computes what is added to `x` from the sums of a tile.
pub(in super::super) trait Activation: Copy {
    /// Computes it for the numbers of `x` from `at` on, `stride` apart.
    ///
    /// # Safety
    /// The CPU must have `R`'s instructions; what is added must be as long as `x`.
    unsafe fn of<R: Register>(self, sums: [R; OUTPUTS], at: usize, stride: usize) -> [R; OUTPUTS];
}

/// `SiLU`.
#[derive(Clone, Copy)]
pub(in super::super) struct Silu;

impl Activation for Silu {
    #[inline(always)]
    unsafe fn of<R: Register>(self, mut sums: [R; OUTPUTS], _at: usize, _stride: usize) -> [R; OUTPUTS] {
        for sum in &mut sums {
            // SAFETY: the caller's promises.
            *sum = unsafe { sum.silu() };
        }
        sums
    }
}

/// `SiLU` of a sum of two: the second summand is laid out as `x`, with [`BEYOND`] where there is no row.
#[derive(Clone, Copy)]
pub(in super::super) struct SiluWith<'a>(pub(in super::super) &'a [f32]);

/// The summand where there is no row. The sum there shares a division with that of a row, which it must not change:
/// `SiLU` divides by exactly one there.
pub(in super::super) const BEYOND: f32 = 1e30;

impl Activation for SiluWith<'_> {
    #[inline(always)]
    unsafe fn of<R: Register>(self, mut sums: [R; OUTPUTS], at: usize, stride: usize) -> [R; OUTPUTS] {
        // SAFETY: the caller's promises.
        unsafe {
            for (row, sum) in sums.iter_mut().enumerate() {
                *sum = sum.add(R::load(self.0, at + row * stride));
            }
            for row in (0..OUTPUTS).step_by(2) {
                (sums[row], sums[row + 1]) = R::silu_of_two(sums[row], sums[row + 1]);
            }
        }
        sums
    }
}

/// The weights of a block, transformed.
#[derive(Debug)]
pub(in super::super) struct WinogradBlock {
    weights: [Packed; INPUTS],
    bias: Aligned,
    zeros: Aligned,
}

impl WinogradBlock {
    /// Transforms `weight` [channels, channels, 3]. Rows and columns beyond `channels` are zero up to `padded`.
    pub(in super::super) fn new(weight: &[f32], bias: &[f32], padded: usize, packing: Packing) -> Self {
        let channels = bias.len();
        let weights = std::array::from_fn(|product| {
            Packed::new(padded, padded, packing, |input, output| {
                if input >= channels || output >= channels {
                    return 0.0;
                }
                let at = (output * channels + input) * 3;
                transform_weight([weight[at], weight[at + 1], weight[at + 2]])[product]
            })
        });
        Self { weights, bias: Aligned::padded(bias, padded), zeros: Aligned::zeros(padded) }
    }

    /// Replaces the rows of `x` by the block's output.
    ///
    /// # Safety
    /// The CPU must have `I`'s instructions; `x` must hold `layout.len()` floats with clear margins, what is added as many,
    /// `transformed` and `products` at least `layout.transformed()`.
    #[inline(always)]
    pub(in super::super) unsafe fn forward<I: Isa>(
        &self,
        layout: Layout,
        (x, activation): (&mut [f32], impl Activation),
        (transformed, products): (&mut [f32], &mut [f32]),
        ahead: &mut Ahead<'_>,
    ) {
        let stride = layout.channels;
        let rows = layout.tiles();
        // SAFETY: the caller's CPU has the instructions; tile i reads the rows 6i to 6i + 7 and writes 6i + 1 to 6i + 6,
        // all below `layout.len()`.
        unsafe {
            transform_inputs::<I::Register>(layout, x, transformed);
            let planes = transformed.chunks_exact(rows * stride).zip(products.chunks_exact_mut(rows * stride));
            for (product, (weights, (from, to))) in self.weights.iter().zip(planes).enumerate() {
                let start = if product == AT_ONE { &self.bias } else { &self.zeros };
                let product = Product { from, stride, rows, weights, start, start_stride: 0 };
                I::product(product, ahead, &mut Rows { to, stride });
            }
            transform_products::<I::Register>(layout, products, activation, x);
        }
        layout.clear_margins(x);
    }
}

#[inline(always)]
unsafe fn transform_inputs<R: Register>(layout: Layout, x: &[f32], transformed: &mut [f32]) {
    let channels = layout.channels;
    let plane = layout.tiles() * channels;
    // SAFETY: as for `WinogradBlock::forward`.
    unsafe {
        let by = |factor: f32| R::splat(factor);
        for tile in 0..layout.tiles() {
            for channel in (0..channels).step_by(R::WIDTH) {
                let from = tile * OUTPUTS * channels + channel;
                let d = load_all::<R>(x, from, channels);
                let ones = (d[4].mul_add(by(-4.25), d[2].add(d[6])), d[3].mul_add(by(-4.25), d[1].add(d[5])));
                let twos = (
                    d[4].mul_add(by(-1.25), d[2].mul_add(by(0.25), d[6])),
                    d[5].mul_add(by(2.0), d[3].mul_add(by(-2.5), d[1].mul(by(0.5)))),
                );
                let halves = (
                    d[4].mul_add(by(-5.0), d[2].mul_add(by(4.0), d[6])),
                    d[5].mul_add(by(0.5), d[3].mul_add(by(-2.5), d[1].mul(by(2.0)))),
                );
                let values = [
                    d[4].sub(d[2]).mul_add(by(5.25), d[0].sub(d[6])),
                    ones.0.add(ones.1),
                    ones.0.sub(ones.1),
                    twos.0.add(twos.1),
                    twos.0.sub(twos.1),
                    halves.0.add(halves.1),
                    halves.0.sub(halves.1),
                    d[3].sub(d[5]).mul_add(by(5.25), d[7].sub(d[1])),
                ];
                for (i, value) in values.into_iter().enumerate() {
                    value.store(transformed, i * plane + tile * channels + channel);
                }
            }
        }
    }
}

/// Loads a register for each input of a tile, `stride` apart.
#[inline(always)]
unsafe fn load_all<R: Register>(from: &[f32], at: usize, stride: usize) -> [R; INPUTS] {
    // SAFETY: the caller's promises.
    unsafe {
        let mut all = [R::splat(0.0); INPUTS];
        for (i, one) in all.iter_mut().enumerate() {
            *one = R::load(from, at + i * stride);
        }
        all
    }
}

/// Transforms the products into the convolution's outputs, and adds their activation to `x`.
#[inline(always)]
unsafe fn transform_products<R: Register>(
    layout: Layout,
    products: &[f32],
    activation: impl Activation,
    x: &mut [f32],
) {
    let channels = layout.channels;
    let plane = layout.tiles() * channels;
    // SAFETY: as for `WinogradBlock::forward`.
    unsafe {
        let by = |factor: f32| R::splat(factor);
        for tile in 0..layout.tiles() {
            for channel in (0..channels).step_by(R::WIDTH) {
                let m = load_all::<R>(products, tile * channels + channel, plane);
                let ones = (m[1].add(m[2]), m[1].sub(m[2]));
                let twos = (m[3].add(m[4]), m[3].sub(m[4]));
                let halves = (m[5].add(m[6]), m[5].sub(m[6]));
                let outputs = [
                    m[0].add(ones.0).add(twos.0.add(halves.0)),
                    halves.1.mul_add(by(0.5), twos.1.mul_add(by(2.0), ones.1)),
                    halves.0.mul_add(by(0.25), twos.0.mul_add(by(4.0), ones.0)),
                    halves.1.mul_add(by(0.125), twos.1.mul_add(by(8.0), ones.1)),
                    halves.0.mul_add(by(0.0625), twos.0.mul_add(by(16.0), ones.0)),
                    halves.1.mul_add(by(0.03125), twos.1.mul_add(by(32.0), ones.1)).add(m[7]),
                ];
                let to = (1 + tile * OUTPUTS) * channels + channel;
                let outputs = activation.of(outputs, to, channels);
                for (row, output) in outputs.into_iter().enumerate() {
                    let at = to + row * channels;
                    R::load(x, at).add(output).store(x, at);
                }
            }
        }
    }
}

/// Transforms three taps into eight factors, each rounded once.
#[allow(clippy::cast_possible_truncation)] // the point of it
fn transform_weight(taps: [f32; 3]) -> [f32; INPUTS] {
    let [a, b, c] = taps.map(f64::from);
    let factors = [
        a,
        (a + b + c) * (-2.0 / 9.0),
        (a - b + c) * (-2.0 / 9.0),
        (a + 2.0 * b + 4.0 * c) / 90.0,
        (a - 2.0 * b + 4.0 * c) / 90.0,
        (4.0 * a + 2.0 * b + c) * (8.0 / 45.0),
        (4.0 * a - 2.0 * b + c) * (8.0 / 45.0),
        c,
    ];
    factors.map(|factor| factor as f32)
}
