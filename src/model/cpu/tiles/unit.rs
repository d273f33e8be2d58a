//! What computes on tiles.

use super::super::packed::Packing;

/// Words of 32 bits in a row of a tile.
pub(in super::super) const WORDS: usize = 16;
/// Rows of a tile at most.
pub(in super::super) const ROWS: usize = 16;
/// Rows of words are padded to a multiple of this: a step of any [`Numbers`].
pub(in super::super) const WORDS_PER_STEP: usize = 2 * WORDS;
/// How weights are packed.
pub(in super::super) const PACKING: Packing = Packing { width: WORDS, panel: 1, rows: WORDS_PER_STEP };
/// Words from one row of sums to the next: two tiles side by side.
pub(super) const SUMS_STRIDE: usize = 2 * WORDS;

/// The numbers in a matrix's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Numbers {
    /// Two bf16. Sums are f32.
    Bf16,
    /// Two bf16, of floats that are sums of several. In rows, sixteen words hold the high parts of 32 floats, and the next sixteen
    /// their low parts; in the weights, sixteen more hold what these two leave. Sums are f32, of the products of the high parts
    /// with all three, and of the low parts with the weights' high ones.
    SplitBf16,
    /// Four bytes, unsigned on the left and signed in the weights. Sums are integers.
    Bytes,
}

impl Numbers {
    /// Words that one step of a block prefetches.
    pub(super) fn words_prefetched_per_step(self) -> usize {
        4 * self.weights_per_step()
    }

    /// Words of a column of weights that one step of a block multiplies.
    pub(in super::super) fn weights_per_step(self) -> usize {
        match self {
            Self::Bf16 | Self::Bytes => WORDS,
            Self::SplitBf16 => 3 * WORDS,
        }
    }

    /// Words of a row that one step of a block multiplies.
    pub(in super::super) fn words_per_step(self) -> usize {
        match self {
            Self::Bf16 | Self::Bytes => WORDS,
            Self::SplitBf16 => 2 * WORDS,
        }
    }
}

/// Two by two tiles of sums, and what they are computed from.
#[derive(Clone, Copy, Debug)]
#[repr(C)] // assembly reads it
pub(in super::super) struct Block {
    /// Where the upper sums start, a row of words for each panel.
    pub(super) start: [*const f32; 2],
    /// Where the lower sums start.
    pub(super) lower_start: [*const f32; 2],
    /// Bytes from one row of these to the next.
    pub(super) start_stride: usize,
    /// The rows of the upper sums and of the lower ones.
    pub(super) rows: [*const f32; 2],
    /// Bytes from one row to the next.
    pub(super) stride: usize,
    /// Two panels of weights, sixteen words wide.
    pub(super) panels: [*const f32; 2],
    /// Steps along the rows.
    pub(super) steps: usize,
    /// Where the upper sums go and where the lower ones go, [`SUMS_STRIDE`] words from one row to the next.
    pub(super) sums: [*mut f32; 2],
    /// What will be read next: each step prefetches a few lines of it, for spread over the steps they cost least.
    pub(super) next: *const f32,
}

/// Computes blocks.
pub(in super::super) trait TileUnit {
    /// Sets the rows of the tiles of sums, until the next call on this thread.
    ///
    /// # Safety
    /// The CPU must have the unit, and the process the permission to use it. There must be 1 to [`ROWS`] rows.
    unsafe fn configure(rows: usize);

    /// Computes a block of as many rows as were configured.
    ///
    /// # Safety
    /// As for [`configure`](Self::configure), which must have been called. All of the block's pointers must be valid for
    /// its rows and steps.
    unsafe fn multiply(numbers: Numbers, block: &Block);
}
