//! What lies in the words of 32 bits that a product multiplies.

use super::super::gemm::{Fetch, Product, Sink};
use super::super::lanes::Lanes;
use super::{Path, Precision};

/// How numbers lie in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Words {
    /// One f32.
    Singles,
    /// One f32 with the few digits of a bf16: bf16 for CPUs that multiply f32 as fast or faster.
    Rounded,
    /// Two bf16.
    Halves,
    /// Four bytes.
    Bytes,
}

impl Words {
    /// What linear layers of `precision` are multiplied in.
    pub(super) fn of_linear(precision: Precision, path: Path) -> Self {
        match precision {
            Precision::F32 => Self::Singles,
            Precision::Bf16 if halves_are_fast(path) => Self::Halves,
            Precision::Bf16 => Self::Rounded,
            Precision::Int8 => Self::Bytes,
            Precision::F16 => unreachable!("no path supports it"),
        }
    }

    /// What attention is multiplied in beside linear layers of `precision`: bf16 only where that is faster than f32.
    pub(super) fn of_attention(precision: Precision, path: Path) -> Self {
        if precision != Precision::F32 && halves_are_fast(path) { Self::Halves } else { Self::Singles }
    }

    /// Numbers a word.
    pub(super) fn numbers(self) -> usize {
        match self {
            Self::Singles | Self::Rounded => 1,
            Self::Halves => 2,
            Self::Bytes => 4,
        }
    }

    /// A product of such words.
    ///
    /// # Safety
    /// The CPU must have `L`'s instructions, and those of the words.
    #[inline(always)]
    pub(super) unsafe fn multiply<L: Lanes>(self, product: Product<'_>, fetch: &mut impl Fetch, sink: &mut impl Sink) {
        // SAFETY: as for this function.
        unsafe {
            match self {
                Self::Singles | Self::Rounded => L::product(product, fetch, sink),
                Self::Halves => L::product_of_halves(product, fetch, sink),
                Self::Bytes => L::product_of_bytes(product, fetch, sink),
            }
        }
    }
}

/// Whether `path` multiplies bf16 faster than f32 on this CPU: twice as fast on AMD's Zen 4, but half as fast on Intel's
/// Sapphire Rapids, where AMX is for bf16.
fn halves_are_fast(path: Path) -> bool {
    has_halves(path) && !is_intel()
}

/// Whether `path` has an instruction for bf16 on this CPU.
#[cfg(target_arch = "x86_64")]
pub(super) fn has_halves(path: Path) -> bool {
    path == Path::Avx512 && path.is_supported() && is_x86_feature_detected!("avx512bf16")
}

#[cfg(not(target_arch = "x86_64"))]
pub(super) fn has_halves(_path: Path) -> bool {
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
