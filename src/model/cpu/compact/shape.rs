//! The sizes of a compact network.

/// The sizes that a checkpoint may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The width of a token's embedding.
    pub embedding: usize,
    /// The number of channels of the stem and the blocks.
    pub channels: usize,
    /// The number of residual blocks.
    pub blocks: usize,
    /// The number of coarser levels after the blocks.
    pub levels: usize,
    /// The number of rows of a level that form one of the next.
    pub pool: usize,
    /// The width of the head.
    pub hidden: usize,
}

impl Shape {
    /// Whether the network can run in bytes, which takes a convolution after the stem.
    #[must_use]
    pub fn takes_bytes(&self) -> bool {
        self.blocks > 0 || self.levels > 0
    }
}
