//! The sizes of the network.

/// The sizes that a checkpoint may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Numbers a token's embedding has.
    pub embedding: usize,
    /// Channels of all layers.
    pub channels: usize,
    /// How many levels, each of half as many positions as the one before; at least one.
    pub levels: usize,
    /// Whether the frames meet once more at the positions.
    pub mix: bool,
}
