//! The sizes of a compact network.

/// The sizes that a checkpoint may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Numbers a token's embedding has.
    pub embedding: usize,
    /// Channels of the stem and the blocks.
    pub channels: usize,
    /// How many residual blocks.
    pub blocks: usize,
    /// How many coarser levels after them.
    pub levels: usize,
    /// Rows of a level that are one of the next.
    pub pool: usize,
    /// Width of the head.
    pub hidden: usize,
}

impl Shape {
    /// Whether it can run in bytes, which takes a convolution after the stem.
    #[must_use]
    pub fn takes_bytes(&self) -> bool {
        self.blocks > 0 || self.levels > 0
    }
}
