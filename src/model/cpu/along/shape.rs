//! The sizes of the network.

/// The sizes that a checkpoint may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The width of a token's embedding.
    pub embedding: usize,
    /// The number of channels of all layers.
    pub channels: usize,
    /// The number of levels, each with half as many positions as the one before; at least one.
    pub levels: usize,
    /// Whether the frames exchange information once more at the positions.
    pub mix: bool,
}
