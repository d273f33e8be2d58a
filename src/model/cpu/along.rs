//! The network that makes calls along the read, on the CPU.
//!
//! [`Engine`] computes what `workflows/training/ALONG.md` defines, with the compact network's methods (`frames`): the
//! stem by table, convolutions in Winograd's domain. Each strand's rows run in its own direction, so that both strands
//! are rows of the same products. The exchange between frames takes two small products per position (`meet`). Short
//! rows of the same length go through the levels together, so that weights are loaded once for all of them.
//!
//! A read and its reverse complement get exactly the same logits, mirrored, bit for bit.

mod activate;
mod engine;
mod grid;
mod groups;
mod heads;
mod meet;
mod network;
mod shape;
mod six;
#[cfg(test)]
mod tests;

pub(in crate::model) use self::grid::positions;
pub use self::{engine::Engine, network::Scratch, shape::Shape};

/// The number of frames of both strands.
const ALL_FRAMES: usize = 2 * super::frames::table::FRAMES;
