//! Our own kernels for the CPU: they compute one read at a time, with the same result whatever else runs beside it.
//!
//! [`compact`], [`along`] and [`bert`] are engines for the three families of networks. They are written once, over a
//! vector register (`register`) and the matrix products on it (`gemm`). `isa` implements both for AMX, AVX-512, AVX2,
//! NEON and plain Rust, which the compiler turns into whatever the target has. AMX multiplies on tiles (`tiles`).
//! `dispatch` calls the code for the [`InstructionSet`] that was detected.
//!
//! For our own networks, AVX-512, AVX2 and NEON agree to the last bit: every number is computed by the same operations
//! in the same order. Plain Rust on x86 has no fused multiply-add and differs in the last bits. A BERT's probabilities
//! differ slightly between instruction sets: softmax and normalisation add up in the order of a register's numbers, and
//! bf16 is multiplied in one of two ways. Between AVX-512 and AVX2, on small checkpoints, up to 1e-6 was seen in f32,
//! 4e-5 in bf16 and .003 in int8, where a number may round to a neighbouring byte.
//!
//! All `unsafe` of the crate is in this folder. It is of three kinds. Intrinsics and assembly are sound because an
//! engine is made for an instruction set only after the CPU was asked. Unchecked loads and stores are checked by a
//! `debug_assert` in the tests' profile, or by the product's own asserts beforehand. The rest are views of a register's
//! or an aligned slice's bits as numbers of another kind.
#![allow(unsafe_code)]
#![allow(clippy::inline_always)]
// a kernel left out of line loses its caller's target features
// Code that only matrix units use is compiled everywhere, and run everywhere by tests.
#![cfg_attr(not(all(target_arch = "x86_64", target_os = "linux")), allow(dead_code, unused_imports))]

mod aligned;
pub mod along;
pub mod bert;
pub mod compact;
mod dispatch;
mod frames;
mod gemm;
mod instruction_set;
mod isa;
mod packed;
mod register;
mod shares;
#[cfg(test)]
mod test_support;
mod tiles;

pub use self::instruction_set::InstructionSet;
