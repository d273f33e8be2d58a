//! How numbers are stored in the 32-bit words that products multiply.

use super::super::InstructionSet;
use super::super::dispatch::Packings;
use super::super::gemm::{Fetch, Product, Sink};
use super::super::isa::Isa;
use super::super::packed::Packing;
use crate::model::Precision;

/// The contents of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// One f32.
    F32,
    /// One f32, rounded to the precision of bf16: for CPUs that multiply f32 as fast as bf16, or faster.
    Rounded,
    /// Two bf16.
    Bf16,
    /// Two bf16, which are parts of two f32: for each 32 numbers, sixteen words hold the high parts and the next
    /// sixteen the low parts. Weights have sixteen more words for what these two leave. Four products of parts make one
    /// of f32, in less time on tiles: high by all three, and low by high. Without the third part of the weights, a
    /// BERT's probabilities would be off by up to 1.02e-5; with it, by 6.3e-6 (`workflows/benchmark/bert/parts.py`).
    SplitBf16,
    /// Four bytes.
    Bytes,
}

impl Encoding {
    /// The encoding for linear layers in `precision`.
    pub(super) fn of_linear(precision: Precision, instructions: InstructionSet) -> Self {
        match precision {
            Precision::F32 if instructions == InstructionSet::Amx => Self::SplitBf16,
            Precision::F32 => Self::F32,
            Precision::Bf16 if bf16_is_fast(instructions) => Self::Bf16,
            Precision::Bf16 => Self::Rounded,
            Precision::Int8 => Self::Bytes,
            Precision::F16 => unreachable!("no instruction set supports it"),
        }
    }

    /// The encoding for attention if linear layers run in `precision`. It is bf16 only if that is faster than f32. f32
    /// is f32 on AMX too: with sums of bf16 products, outputs were off by up to 1e-4 in tests.
    pub(super) fn of_attention(precision: Precision, instructions: InstructionSet) -> Self {
        match precision {
            Precision::Bf16 | Precision::Int8 if bf16_is_fast(instructions) => Self::Bf16,
            _ => Self::F32,
        }
    }

    /// The number of values in a word.
    pub(super) fn numbers_per_word(self) -> usize {
        match self {
            Self::F32 | Self::Rounded | Self::SplitBf16 => 1,
            Self::Bf16 => 2,
            Self::Bytes => 4,
        }
    }

    /// Whether outputs are stored in this encoding directly. Others need the whole row first, or are stored as f32.
    pub(super) fn is_stored_directly(self) -> bool {
        matches!(self, Self::Bf16 | Self::SplitBf16)
    }

    /// The packing of weights for this encoding.
    pub(super) fn packing(self, packings: Packings) -> Packing {
        match self {
            Self::F32 | Self::Rounded => packings.f32s,
            Self::Bf16 | Self::SplitBf16 | Self::Bytes => packings.low,
        }
    }

    /// Computes a product of words in this encoding.
    ///
    /// # Safety
    /// The CPU must have `I`'s instructions, and those of the encoding.
    #[inline(always)]
    pub(super) unsafe fn multiply<I: Isa>(self, product: Product<'_>, fetch: &mut impl Fetch, sink: &mut impl Sink) {
        // SAFETY: as for this function.
        unsafe {
            match self {
                Self::F32 | Self::Rounded => I::product(product, fetch, sink),
                Self::Bf16 => I::product_of_bf16s(product, fetch, sink),
                Self::SplitBf16 => I::product_of_split_bf16s(product, fetch, sink),
                Self::Bytes => I::product_of_bytes(product, fetch, sink),
            }
        }
    }
}

/// Whether `instructions` multiply bf16 faster than f32 on this CPU. AMX does. AVX-512 is twice as fast on AMD's Zen 4, but
/// half as fast on Intel's Sapphire Rapids.
fn bf16_is_fast(instructions: InstructionSet) -> bool {
    instructions == InstructionSet::Amx || has_bf16(instructions) && !is_intel()
}

/// Whether `instructions` have a product of bf16 on this CPU.
#[cfg(target_arch = "x86_64")]
pub(super) fn has_bf16(instructions: InstructionSet) -> bool {
    let has = match instructions {
        InstructionSet::Amx => true,
        InstructionSet::Avx512 => is_x86_feature_detected!("avx512bf16"),
        InstructionSet::Avx2 | InstructionSet::Neon | InstructionSet::Plain => false,
    };
    has && instructions.is_supported()
}

#[cfg(target_arch = "aarch64")]
pub(super) fn has_bf16(instructions: InstructionSet) -> bool {
    instructions == InstructionSet::Neon && std::arch::is_aarch64_feature_detected!("bf16")
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(super) fn has_bf16(_instructions: InstructionSet) -> bool {
    false
}

#[cfg(target_arch = "x86_64")]
fn is_intel() -> bool {
    let vendor = std::arch::x86_64::__cpuid(0);
    [vendor.ebx, vendor.edx, vendor.ecx].map(u32::to_le_bytes).concat() == b"GenuineIntel"
}

#[cfg(not(target_arch = "x86_64"))]
fn is_intel() -> bool {
    false
}
