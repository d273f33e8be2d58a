//! The interface of a unit that computes on tiles.

use super::super::packed::Packing;

/// The number of 32-bit words in a row of a tile.
pub(in super::super) const WORDS: usize = 16;
/// The most rows of a tile.
pub(in super::super) const ROWS: usize = 16;
/// Rows are padded to a multiple of this many words: a step for any [`Numbers`].
pub(in super::super) const WORDS_PER_STEP: usize = 2 * WORDS;
/// The packing of weights for tiles.
pub(in super::super) const PACKING: Packing = Packing { width: WORDS, panel: 1, rows: WORDS_PER_STEP };
/// The number of words from one row of sums to the next: two tiles side by side.
pub(super) const SUMS_STRIDE: usize = 2 * WORDS;

/// The numbers in the words of a matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Numbers {
    /// Two bf16, with sums in f32.
    Bf16,
    /// Two bf16 that are parts of f32. In rows, sixteen words hold the high parts of 32 floats, and the next sixteen
    /// their low parts; in the weights, sixteen more hold what these two leave. The sums are f32: products of the high
    /// parts with all three, and of the low parts with the weights' high parts.
    SplitBf16,
    /// Four bytes, unsigned on the left and signed in the weights, with sums in integers.
    Bytes,
}

impl Numbers {
    /// The number of words that one step of a block prefetches.
    pub(super) fn words_prefetched_per_step(self) -> usize {
        4 * self.weights_per_step()
    }

    /// The number of words of a column of weights that one step of a block multiplies.
    pub(in super::super) fn weights_per_step(self) -> usize {
        match self {
            Self::Bf16 | Self::Bytes => WORDS,
            Self::SplitBf16 => 3 * WORDS,
        }
    }

    /// The number of words of a row that one step of a block multiplies.
    pub(in super::super) fn words_per_step(self) -> usize {
        match self {
            Self::Bf16 | Self::Bytes => WORDS,
            Self::SplitBf16 => 2 * WORDS,
        }
    }
}

/// Two by two tiles of sums, with their operands.
#[derive(Clone, Copy, Debug)]
#[repr(C)] // assembly reads it
pub(in super::super) struct Block {
    /// Where the upper sums start, with a row of words for each panel.
    pub(super) start: [*const f32; 2],
    /// Where the lower sums start.
    pub(super) lower_start: [*const f32; 2],
    /// The number of bytes from one row of the starts to the next.
    pub(super) start_stride: usize,
    /// The rows for the upper and for the lower sums.
    pub(super) rows: [*const f32; 2],
    /// The number of bytes from one row to the next.
    pub(super) stride: usize,
    /// Two panels of weights, each sixteen words wide.
    pub(super) panels: [*const f32; 2],
    /// The number of steps along the rows.
    pub(super) steps: usize,
    /// Where the upper and the lower sums are stored, with [`SUMS_STRIDE`] words from one row to the next.
    pub(super) sums: [*mut f32; 2],
    /// What will be read next. Each step prefetches a few lines of it, since prefetches cost least when spread over the
    /// steps.
    pub(super) next: *const f32,
}

/// Computes blocks.
pub(in super::super) trait TileUnit {
    /// Sets the number of rows in tiles of sums, until the next call on this thread.
    ///
    /// # Safety
    /// The CPU must have the unit, and the process the permission to use it. There must be 1 to [`ROWS`] rows.
    unsafe fn configure(rows: usize);

    /// Computes a block with as many rows as were configured.
    ///
    /// # Safety
    /// As for [`configure`](Self::configure), which must have been called. All of the block's pointers must be valid for
    /// its rows and steps.
    unsafe fn multiply(numbers: Numbers, block: &Block);
}
