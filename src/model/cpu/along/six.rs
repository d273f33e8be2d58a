//! The rows of the six frames. Pure.

use super::ALL_FRAMES;

/// Where each frame's first row is.
pub(super) type Places = [usize; ALL_FRAMES];

/// Some positions of the six frames. Each strand runs in its own direction.
#[derive(Clone, Copy)]
pub(super) struct Six<'a> {
    pub(super) x: &'a [f32],
    /// Where each frame's first row is.
    pub(super) frames: Places,
    pub(super) positions: usize,
    pub(super) channels: usize,
}
