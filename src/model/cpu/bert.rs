//! BERT on the CPU: one read at a time, at its exact length.
//!
//! [`Engine`] computes what `model/bert.rs` defines, several times as fast as burn does on the CPU:
//! - weights are packed once for the registers they are multiplied in, and shared by all threads;
//! - bias, residual and GELU are applied to a product's numbers while they are in the first-level cache (`linear`);
//!   softmax and GELU are polynomials over whole registers;
//! - in bf16 and int8 the linear layers, nine tenths of the work, are multiplied in those numbers and summed in f32 or
//!   integers. Attention then runs in bf16 where that is faster than f32 (`encoding`). The residual stream, normalisation
//!   and softmax stay in f32.

mod attention;
pub mod bench;
mod encoder;
mod encoding;
mod engine;
#[cfg(test)]
mod kernel_tests;
mod linear;
mod network;
mod norm;
mod shape;
#[cfg(test)]
mod tests;

pub use self::{engine::Engine, network::Scratch, shape::Shape};
