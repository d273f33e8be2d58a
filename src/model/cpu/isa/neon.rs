//! NEON: four floats a register. Newer CPUs also multiply bf16 and bytes (`bf16`, `i8mm`: Graviton 3, Apple's M2).

use std::arch::aarch64::{
    float32x4_t, int16x4_t, uint32x4_t, vadd_s16, vaddq_f32, vaddq_u32, vaddvq_f32, vandq_u32, vbslq_f32, vcgtq_f32,
    vcltq_f32, vcombine_u16, vcvtnq_u32_f32, vcvtq_f32_s32, vdivq_f32, vdupq_n_f32, vdupq_n_u32, vfmaq_f32,
    vget_lane_u32, vld1_s16, vld1q_f32, vmaxnmvq_f32, vmovl_s16, vmovn_u16, vmovn_u32, vmulq_f32, vreinterpret_u32_u8,
    vreinterpretq_f32_u32, vreinterpretq_s32_f32, vreinterpretq_u32_f32, vshlq_n_u32, vshrn_n_u32, vshrq_n_u32,
    vst1_u16, vst1q_f32, vsubq_f32,
};
use std::arch::asm;

use super::super::gemm::{self, Bf16s, Bytes, Fetch, Product, Singles, Sink, SmallBytes};
use super::super::register::Register;
use super::definition::Isa;

/// NEON, which every aarch64 CPU has.
#[derive(Debug)]
pub(in super::super) struct Neon;

impl Isa for Neon {
    type Register = float32x4_t;

    unsafe fn product(product: Product<'_>, fetch: &mut impl Fetch, sink: &mut impl Sink) {
        // SAFETY: the caller's promise.
        unsafe { gemm::product::<float32x4_t, Singles, _>(product, fetch, sink) }
    }

    unsafe fn product_of_bf16s(product: Product<'_>, fetch: &mut impl Fetch, sink: &mut impl Sink) {
        // SAFETY: the caller's promise.
        unsafe { gemm::product::<float32x4_t, Bf16s, _>(product, fetch, sink) }
    }

    unsafe fn product_of_bytes(product: Product<'_>, fetch: &mut impl Fetch, sink: &mut impl Sink) {
        // SAFETY: the caller's promise.
        unsafe { gemm::product::<float32x4_t, Bytes, _>(product, fetch, sink) }
    }

    unsafe fn product_of_small_bytes(product: Product<'_>, fetch: &mut impl Fetch, sink: &mut impl Sink) {
        // SAFETY: the caller's promise.
        unsafe { gemm::product::<float32x4_t, SmallBytes, _>(product, fetch, sink) }
    }
}

/// The bits of a register.
#[inline(always)]
unsafe fn bits(register: float32x4_t) -> uint32x4_t {
    // SAFETY: NEON is part of aarch64.
    unsafe { vreinterpretq_u32_f32(register) }
}

// SAFETY of all methods: NEON is part of aarch64; the trait's callers promise the other instructions, and ranges within the
// slices.
#[expect(clippy::undocumented_unsafe_blocks, reason = "one argument holds for all")]
impl Register for float32x4_t {
    const WIDTH: usize = 4;
    const ROWS: [usize; 3] = [8; 3]; // 24 accumulators, 3 of weights, 1 broadcast: 28 of 32 registers
    const PANEL: usize = 3;
    const STEPS_PER_FETCH: usize = usize::MAX; // there is no prefetch
    type I16s = int16x4_t;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        unsafe { vdupq_n_f32(x) }
    }

    #[inline(always)]
    unsafe fn load(from: &[f32], at: usize) -> Self {
        debug_assert!(at + Self::WIDTH <= from.len());
        unsafe { vld1q_f32(from.as_ptr().add(at)) }
    }

    #[inline(always)]
    unsafe fn store(self, to: &mut [f32], at: usize) {
        debug_assert!(at + Self::WIDTH <= to.len());
        unsafe { vst1q_f32(to.as_mut_ptr().add(at), self) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        unsafe { vaddq_f32(self, other) }
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        unsafe { vsubq_f32(self, other) }
    }

    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        unsafe { vmulq_f32(self, other) }
    }

    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        unsafe { vdivq_f32(self, other) }
    }

    // NEON's own maximum and minimum pass NaN on. Those of x86 give `other`, and so do these.
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        unsafe { vbslq_f32(vcgtq_f32(self, other), self, other) }
    }

    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        unsafe { vbslq_f32(vcltq_f32(self, other), self, other) }
    }

    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, summand: Self) -> Self {
        unsafe { vfmaq_f32(summand, self, factor) }
    }

    #[inline(always)]
    unsafe fn clamp_exponent(self) -> Self {
        unsafe { self.max(Self::splat(-126.0)).min(Self::splat(126.0)) }
    }

    #[inline(always)]
    unsafe fn times_power_of_two(self, _k: Self, rounded: Self) -> Self {
        unsafe { vreinterpretq_f32_u32(vaddq_u32(bits(self), vshlq_n_u32::<23>(bits(rounded)))) }
    }

    #[inline(always)]
    unsafe fn prefetch(_at: *const u8) {}

    #[inline(always)]
    unsafe fn total(self) -> f32 {
        unsafe { vaddvq_f32(self) }
    }

    #[inline(always)]
    unsafe fn largest(self) -> f32 {
        unsafe { vmaxnmvq_f32(self) }
    }

    #[inline(always)]
    unsafe fn integers_to_floats(self) -> Self {
        unsafe { vcvtq_f32_s32(vreinterpretq_s32_f32(self)) }
    }

    #[inline(always)]
    unsafe fn store_bytes(self, to: &mut [u8], at: usize) {
        unsafe {
            let halves = vmovn_u32(vcvtnq_u32_f32(self));
            let bytes = vget_lane_u32::<0>(vreinterpret_u32_u8(vmovn_u16(vcombine_u16(halves, halves))));
            to[at..at + Self::WIDTH].copy_from_slice(&bytes.to_le_bytes());
        }
    }

    #[inline(always)]
    unsafe fn store_bf16s(self, to: &mut [u16], at: usize) {
        debug_assert!(at + Self::WIDTH <= to.len());
        unsafe {
            let odd = vandq_u32(vshrq_n_u32::<16>(bits(self)), vdupq_n_u32(1));
            let rounded = vaddq_u32(bits(self), vaddq_u32(odd, vdupq_n_u32(0x7fff)));
            vst1_u16(to.as_mut_ptr().add(at), vshrn_n_u32::<16>(rounded));
        }
    }

    // The intrinsics of these two are not stable yet.
    #[inline(always)]
    unsafe fn dot_bf16s(self, weight: Self, mut sum: Self) -> Self {
        unsafe {
            asm!(
                ".arch_extension bf16",
                "bfdot {sum:v}.4s, {value:v}.8h, {weight:v}.8h",
                sum = inout(vreg) sum, value = in(vreg) self, weight = in(vreg) weight,
                options(pure, nomem, nostack, preserves_flags),
            );
        }
        sum
    }

    #[inline(always)]
    unsafe fn dot_bytes(self, weight: Self, mut sum: Self) -> Self {
        unsafe {
            asm!(
                ".arch_extension i8mm",
                "usdot {sum:v}.4s, {value:v}.16b, {weight:v}.16b",
                sum = inout(vreg) sum, value = in(vreg) self, weight = in(vreg) weight,
                options(pure, nomem, nostack, preserves_flags),
            );
        }
        sum
    }

    #[inline(always)]
    unsafe fn dot_small_bytes(self, weight: Self, sum: Self) -> Self {
        unsafe { self.dot_bytes(weight, sum) }
    }

    #[inline(always)]
    unsafe fn load_i16s(from: &[i16], at: usize) -> int16x4_t {
        debug_assert!(at + Self::WIDTH <= from.len());
        unsafe { vld1_s16(from.as_ptr().add(at)) }
    }

    #[inline(always)]
    unsafe fn add_i16s(one: int16x4_t, other: int16x4_t) -> int16x4_t {
        unsafe { vadd_s16(one, other) }
    }

    #[inline(always)]
    unsafe fn i16s_to_floats(integers: int16x4_t) -> Self {
        unsafe { vcvtq_f32_s32(vmovl_s16(integers)) }
    }
}
