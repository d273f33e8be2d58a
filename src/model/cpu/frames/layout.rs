//! Where the rows of a strand's frames lie, and how many tiles of Winograd's convolution they make.

/// Outputs of a tile.
pub(super) const OUTPUTS: usize = 6;
/// Inputs of a tile, and its products.
pub(super) const INPUTS: usize = 8;

/// How the rows of some frames lie in the scratch. A row of zeros comes first, then each frame's `rows` rows and a row of
/// zeros, then zeros up to the last tile's last input. The zeros between two frames are padding to both.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub(super) channels: usize,
    pub(super) rows: usize,
    pub(super) frames: usize,
}

impl Layout {
    /// All rows, including the zeros between two frames.
    pub(super) fn between_margins(self) -> usize {
        self.frames * (self.rows + 1) - 1
    }

    /// Tiles that cover all rows.
    pub(super) fn tiles(self) -> usize {
        self.between_margins().div_ceil(OUTPUTS)
    }

    /// Where a frame's first row is.
    pub(super) fn frame(self, frame: usize) -> usize {
        (1 + frame * (self.rows + 1)) * self.channels
    }

    /// Floats of all rows and zeros.
    pub(super) fn len(self) -> usize {
        (self.tiles() * OUTPUTS + INPUTS - OUTPUTS) * self.channels
    }

    /// Floats of the transformed inputs, and of the products.
    pub(super) fn transformed(self) -> usize {
        INPUTS * self.tiles() * self.channels
    }

    /// Zeroes everything that is not a row.
    pub(super) fn clear_margins(self, x: &mut [f32]) {
        for frame in 0..self.frames {
            let at = self.frame(frame);
            x[at - self.channels..at].fill(0.0);
        }
        x[self.frame(self.frames) - self.channels..self.len()].fill(0.0);
    }
}

/// The reciprocal of a count.
#[allow(clippy::cast_precision_loss)] // a read has fewer than 2^24 tokens
pub(super) fn one_over(n: usize) -> f32 {
    1.0 / n as f32
}
