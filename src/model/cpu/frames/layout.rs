//! The layout of the frames' rows, and the number of tiles they form for Winograd's convolution.

use super::table::FRAMES;

/// The number of outputs of a tile.
pub(in super::super) const OUTPUTS: usize = 6;
/// The number of inputs of a tile, and of its products.
pub(in super::super) const INPUTS: usize = 8;

/// The layout of the frames' rows of some strands in the scratch memory. First comes a row of zeros, then for each
/// frame its `rows` rows and a row of zeros. Each strand starts with a tile, so that the sums of all strands are
/// computed in the same order. Zeros fill up to the last input of the last tile. The zeros between two frames are
/// padding for both.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Layout {
    pub(in super::super) channels: usize,
    pub(in super::super) rows: usize,
    /// The number of strands: one or two for each read.
    pub(in super::super) strands: usize,
}

impl Layout {
    /// The number of rows from the first frame's first to the last frame's last, including zeros in between.
    pub(in super::super) fn between_margins(self) -> usize {
        self.first_row(self.strands * FRAMES - 1) + self.rows - 1
    }

    /// The number of tiles that cover all rows.
    pub(in super::super) fn tiles(self) -> usize {
        self.between_margins().div_ceil(OUTPUTS)
    }

    /// The index of a frame's first row.
    fn first_row(self, frame: usize) -> usize {
        let strand = (FRAMES * (self.rows + 1)).next_multiple_of(OUTPUTS);
        1 + frame / FRAMES * strand + frame % FRAMES * (self.rows + 1)
    }

    /// The offset of a frame's first row. The frames of the second strand follow those of the first.
    pub(in super::super) fn frame(self, frame: usize) -> usize {
        self.first_row(frame) * self.channels
    }

    /// The number of floats in all rows and zeros.
    pub(in super::super) fn len(self) -> usize {
        (self.tiles() * OUTPUTS + INPUTS - OUTPUTS) * self.channels
    }

    /// The number of floats in the transformed inputs, and in the products.
    pub(in super::super) fn transformed(self) -> usize {
        INPUTS * self.tiles() * self.channels
    }

    /// Zeroes everything that is not a row.
    pub(in super::super) fn clear_margins(self, x: &mut [f32]) {
        self.fill_margins(x, 0.0);
    }

    /// Sets everything that is not a row to `number`.
    pub(in super::super) fn fill_margins(self, x: &mut [f32], number: f32) {
        let mut end = 0;
        for frame in 0..self.strands * FRAMES {
            let start = self.frame(frame);
            x[end..start].fill(number);
            end = start + self.rows * self.channels;
        }
        x[end..self.len()].fill(number);
    }
}

/// The reciprocal of a count.
#[allow(clippy::cast_precision_loss)] // a read has fewer than 2^24 tokens
pub(in super::super) fn one_over(n: usize) -> f32 {
    1.0 / n as f32
}
