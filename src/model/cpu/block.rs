//! A residual block: x + SiLU(convolution of kernel 3, padding 1), in Winograd's domain.
//!
//! F(4, 3) of Lavin and Gray, "Fast algorithms for convolutional neural networks" (2016), in one dimension: four outputs
//! take six products instead of twelve. Its rounding error is about twice the direct convolution's.

use super::aligned::Aligned;
use super::gemm::{Packed, Product};
use super::lanes::Lanes;

/// Outputs a tile.
const OUTPUTS: usize = 4;
/// Inputs a tile, and products.
const INPUTS: usize = 6;

/// The weights of a block, transformed.
#[derive(Debug)]
pub(super) struct Block {
    weights: [Packed; INPUTS],
    bias: Aligned,
}

/// How the rows of some frames lie in the scratch: every frame has a row of zeros, its `rows` rows, and zeros up to the
/// last tile's last input.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub(super) channels: usize,
    pub(super) rows: usize,
    pub(super) frames: usize,
}

impl Layout {
    fn tiles(self) -> usize {
        self.rows.div_ceil(OUTPUTS)
    }

    /// Floats from one frame to the next.
    pub(super) fn frame(self) -> usize {
        (self.tiles() * OUTPUTS + INPUTS - OUTPUTS) * self.channels
    }

    /// Floats of the transformed inputs of all frames, and of the products.
    pub(super) fn transformed(self) -> usize {
        INPUTS * self.frames * self.tiles() * self.channels
    }

    /// Zeroes what is no row.
    pub(super) fn clear_margins(self, x: &mut [f32]) {
        for frame in x.chunks_exact_mut(self.frame()).take(self.frames) {
            frame[..self.channels].fill(0.0);
            frame[(1 + self.rows) * self.channels..].fill(0.0);
        }
    }
}

impl Block {
    /// Transforms `weight` [channels, channels, 3]; rows and columns beyond `channels` are zero up to `padded`.
    pub(super) fn new(weight: &[f32], bias: &[f32], padded: usize, width: usize) -> Self {
        let channels = bias.len();
        let weights = std::array::from_fn(|product| {
            Packed::new(padded, padded, width, |input, output| {
                if input >= channels || output >= channels {
                    return 0.0;
                }
                let at = (output * channels + input) * 3;
                transform_weight([weight[at], weight[at + 1], weight[at + 2]])[product]
            })
        });
        Self { weights, bias: Aligned::padded(bias, padded) }
    }

    /// Replaces the rows of `x` by the block's output.
    ///
    /// # Safety
    /// The CPU must have `L`'s instructions; `x` must hold `layout.frames` frames with clear margins, `transformed` and
    /// `products` at least `layout.transformed()` floats each.
    #[inline(always)]
    pub(super) unsafe fn forward<L: Lanes>(
        &self,
        layout: Layout,
        x: &mut [f32],
        transformed: &mut [f32],
        products: &mut [f32],
    ) {
        let Layout { channels, frames, .. } = layout;
        let plane = frames * layout.tiles() * channels;
        // SAFETY: the caller's CPU has the instructions; tile i of a frame reads its rows 4i to 4i + 5 and writes those
        // of 4i + 1 to 4i + 4 that are rows.
        unsafe {
            for frame in 0..frames {
                transform_inputs::<L>(layout, frame, x, transformed);
            }
            for (product, weights) in self.weights.iter().enumerate() {
                let from = &transformed[product * plane..(product + 1) * plane];
                let to = &mut products[product * plane..(product + 1) * plane];
                let rows = frames * layout.tiles();
                L::product(Product { from, stride: channels, rows, weights, bias: None, to_stride: channels }, to);
            }
            for frame in 0..frames {
                self.transform_products::<L>(layout, frame, products, x);
            }
        }
    }

    #[inline(always)]
    unsafe fn transform_products<L: Lanes>(&self, layout: Layout, frame: usize, products: &[f32], x: &mut [f32]) {
        let Layout { channels, frames, .. } = layout;
        let plane = frames * layout.tiles() * channels;
        // SAFETY: as for `forward`.
        unsafe {
            for tile in 0..layout.tiles() {
                let from = (frame * layout.tiles() + tile) * channels;
                let to = frame * layout.frame() + (1 + tile * OUTPUTS) * channels;
                let count = (layout.rows - tile * OUTPUTS).min(OUTPUTS);
                for channel in (0..channels).step_by(L::WIDTH) {
                    let mut m = [L::splat(0.0); INPUTS];
                    for (i, m) in m.iter_mut().enumerate() {
                        *m = L::load(products, i * plane + from + channel);
                    }
                    let bias = L::load(&self.bias, channel);
                    let (sum, difference) = (m[1].add(m[2]), m[1].sub(m[2]));
                    let (outer_sum, outer_difference) = (m[3].add(m[4]), m[3].sub(m[4]));
                    let outputs = [
                        m[0].add(sum).add(outer_sum),
                        outer_difference.mul_add(L::splat(2.0), difference),
                        outer_sum.mul_add(L::splat(4.0), sum),
                        outer_difference.mul_add(L::splat(8.0), difference).add(m[5]),
                    ];
                    for (row, output) in outputs.into_iter().enumerate() {
                        if row < count {
                            let at = to + row * channels + channel;
                            L::load(x, at).add(output.add(bias).silu()).store(x, at);
                        }
                    }
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn transform_inputs<L: Lanes>(layout: Layout, frame: usize, x: &[f32], transformed: &mut [f32]) {
    let Layout { channels, frames, .. } = layout;
    let plane = frames * layout.tiles() * channels;
    // SAFETY: as for `Block::forward`.
    unsafe {
        for tile in 0..layout.tiles() {
            let from = frame * layout.frame() + tile * OUTPUTS * channels;
            let to = (frame * layout.tiles() + tile) * channels;
            for channel in (0..channels).step_by(L::WIDTH) {
                let mut d = [L::splat(0.0); INPUTS];
                for (i, d) in d.iter_mut().enumerate() {
                    *d = L::load(x, from + i * channels + channel);
                }
                let (even, odd) = (d[2].mul_add(L::splat(-4.0), d[4]), d[1].mul_add(L::splat(-4.0), d[3]));
                let (even_outer, odd_outer) = (d[4].sub(d[2]), d[3].sub(d[1]));
                let values = [
                    d[0].mul_add(L::splat(4.0), d[2].mul_add(L::splat(-5.0), d[4])),
                    even.add(odd),
                    even.sub(odd),
                    odd_outer.mul_add(L::splat(2.0), even_outer),
                    odd_outer.mul_add(L::splat(-2.0), even_outer),
                    d[1].mul_add(L::splat(4.0), d[3].mul_add(L::splat(-5.0), d[5])),
                ];
                for (i, value) in values.into_iter().enumerate() {
                    value.store(transformed, i * plane + to + channel);
                }
            }
        }
    }
}

/// The three taps as six factors, rounded once.
#[allow(clippy::cast_possible_truncation)] // the point of it
fn transform_weight(taps: [f32; 3]) -> [f32; INPUTS] {
    let [a, b, c] = taps.map(f64::from);
    let factors = [
        a / 4.0,
        -(a + b + c) / 6.0,
        -(a - b + c) / 6.0,
        a / 24.0 + b / 12.0 + c / 6.0,
        a / 24.0 - b / 12.0 + c / 6.0,
        c,
    ];
    factors.map(|factor| factor as f32)
}
