//! Where the rows of the frames lie, and how many tiles of Winograd's convolution they make.

use super::table::FRAMES;

/// Outputs of a tile.
pub(in super::super) const OUTPUTS: usize = 6;
/// Inputs of a tile, and its products.
pub(in super::super) const INPUTS: usize = 8;

/// How the rows of the frames of some strands lie in the scratch. A row of zeros comes first, then each frame's `rows` rows
/// and a row of zeros. Each strand starts with a tile, so that all strands' sums are made in the same order. Zeros fill up
/// to the last tile's last input. The zeros between two frames are padding to both.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Layout {
    pub(in super::super) channels: usize,
    pub(in super::super) rows: usize,
    /// One or two for each read.
    pub(in super::super) strands: usize,
}

impl Layout {
    /// Rows from the first frame's first to the last frame's last, zeros between them included.
    pub(in super::super) fn between_margins(self) -> usize {
        self.first_row(self.strands * FRAMES - 1) + self.rows - 1
    }

    /// Tiles that cover all rows.
    pub(in super::super) fn tiles(self) -> usize {
        self.between_margins().div_ceil(OUTPUTS)
    }

    /// The row of a frame's first row.
    fn first_row(self, frame: usize) -> usize {
        let strand = (FRAMES * (self.rows + 1)).next_multiple_of(OUTPUTS);
        1 + frame / FRAMES * strand + frame % FRAMES * (self.rows + 1)
    }

    /// Where a frame's first row is. The frames of the second strand follow those of the first.
    pub(in super::super) fn frame(self, frame: usize) -> usize {
        self.first_row(frame) * self.channels
    }

    /// Floats of all rows and zeros.
    pub(in super::super) fn len(self) -> usize {
        (self.tiles() * OUTPUTS + INPUTS - OUTPUTS) * self.channels
    }

    /// Floats of the transformed inputs, and of the products.
    pub(in super::super) fn transformed(self) -> usize {
        INPUTS * self.tiles() * self.channels
    }

    /// Zeroes everything that is not a row.
    pub(in super::super) fn clear_margins(self, x: &mut [f32]) {
        self.fill_margins(x, 0.0);
    }

    /// Sets everything that is not a row to a number.
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
