//! The compact network on the CPU.
//!
//! [`Engine`] computes what `model/compact.rs` defines, about an order of magnitude faster than a general engine can:
//! - the stem reads an embedding, so each token's share of each tap's output is tabulated once (`table`);
//! - a convolution of a block or a coarser level runs in Winograd's domain, F(6, 3), with eight multiplications for
//!   eighteen (`winograd`);
//! - weights lie packed for the registers they are multiplied in, and a read's rows never leave the cache;
//! - the head takes the features of several reads at once (`head`).
//!
//! In [`Precision::Int8`](crate::model::Precision::Int8) the first convolution after the stem multiplies bytes (`bytes`)
//! and the table holds integers of sixteen bits.
//!
//! A read and its reverse complement get exactly the same probability, bit for bit.

mod bytes;
mod engine;
mod head;
mod network;
mod shape;
#[cfg(test)]
mod tests;

pub use self::{engine::Engine, network::Scratch, shape::Shape};
