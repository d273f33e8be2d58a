//! How numbers are stored in the 32-bit words that a product multiplies.

use super::super::InstructionSet;
use super::super::gemm::{Fetch, Product, Sink};
use super::super::isa::Isa;
use crate::model::Precision;

/// What a word holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// One f32.
    F32,
    /// One f32, rounded to the precision of bf16: for CPUs that multiply f32 as fast as bf16, or faster.
    Rounded,
    /// Two bf16.
    Bf16,
    /// Four bytes.
    Bytes,
}

impl Encoding {
    /// What linear layers multiply in `precision`.
    pub(super) fn of_linear(precision: Precision, instructions: InstructionSet) -> Self {
        match precision {
            Precision::F32 => Self::F32,
            Precision::Bf16 if bf16_is_fast(instructions) => Self::Bf16,
            Precision::Bf16 => Self::Rounded,
            Precision::Int8 => Self::Bytes,
            Precision::F16 => unreachable!("no instruction set supports it"),
        }
    }

    /// What attention multiplies where linear layers run in `precision`: bf16 only where that is faster than f32.
    pub(super) fn of_attention(precision: Precision, instructions: InstructionSet) -> Self {
        if precision != Precision::F32 && bf16_is_fast(instructions) { Self::Bf16 } else { Self::F32 }
    }

    /// Numbers in a word.
    pub(super) fn numbers_per_word(self) -> usize {
        match self {
            Self::F32 | Self::Rounded => 1,
            Self::Bf16 => 2,
            Self::Bytes => 4,
        }
    }

    /// A product of such words.
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
                Self::Bytes => I::product_of_bytes(product, fetch, sink),
            }
        }
    }
}

/// Whether `instructions` multiply bf16 faster than f32 on this CPU. On AMD's Zen 4 they are twice as fast, on Intel's
/// Sapphire Rapids half as fast: its bf16 is meant for AMX.
fn bf16_is_fast(instructions: InstructionSet) -> bool {
    has_bf16(instructions) && !is_intel()
}

/// Whether `instructions` include one for bf16 on this CPU.
#[cfg(target_arch = "x86_64")]
pub(super) fn has_bf16(instructions: InstructionSet) -> bool {
    instructions == InstructionSet::Avx512 && instructions.is_supported() && is_x86_feature_detected!("avx512bf16")
}

#[cfg(not(target_arch = "x86_64"))]
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
