//! AVX-512: sixteen floats a register.

use std::arch::x86_64::{
    __m256i, __m512, __m512bh, _MM_HINT_T1, _mm_prefetch, _mm_storeu_si128, _mm256_add_epi16, _mm256_loadu_si256,
    _mm256_storeu_si256, _mm512_add_epi32, _mm512_add_ps, _mm512_and_si512, _mm512_castps_si512, _mm512_castsi512_ps,
    _mm512_cvtepi16_epi32, _mm512_cvtepi32_epi8, _mm512_cvtepi32_epi16, _mm512_cvtepi32_ps, _mm512_cvtps_epi32,
    _mm512_div_ps, _mm512_dpbf16_ps, _mm512_dpbusd_epi32, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_max_ps,
    _mm512_min_ps, _mm512_mul_ps, _mm512_reduce_add_ps, _mm512_reduce_max_ps, _mm512_scalef_ps, _mm512_set1_epi32,
    _mm512_set1_ps, _mm512_srli_epi32, _mm512_storeu_ps, _mm512_sub_ps,
};
use std::mem::transmute;

use super::super::gemm::{self, Bf16s, Bytes, Fetch, Product, Singles, Sink, SmallBytes};
use super::super::register::Register;
use super::definition::Isa;

/// AVX-512 F, BW, DQ and VL.
#[derive(Debug)]
pub(in super::super) struct Avx512;

impl Isa for Avx512 {
    type Register = __m512;

    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    unsafe fn product(product: Product<'_>, fetch: &mut impl Fetch, sink: &mut impl Sink) {
        // SAFETY: the method has the features; the rest is the caller's promise.
        unsafe { gemm::product::<__m512, Singles, _>(product, fetch, sink) }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
    unsafe fn product_of_bf16s(product: Product<'_>, fetch: &mut impl Fetch, sink: &mut impl Sink) {
        // SAFETY: the method has the features; the rest is the caller's promise.
        unsafe { gemm::product::<__m512, Bf16s, _>(product, fetch, sink) }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
    unsafe fn product_of_bytes(product: Product<'_>, fetch: &mut impl Fetch, sink: &mut impl Sink) {
        // SAFETY: the method has the features; the rest is the caller's promise.
        unsafe { gemm::product::<__m512, Bytes, _>(product, fetch, sink) }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
    unsafe fn product_of_small_bytes(product: Product<'_>, fetch: &mut impl Fetch, sink: &mut impl Sink) {
        // SAFETY: the method has the features; the rest is the caller's promise.
        unsafe { gemm::product::<__m512, SmallBytes, _>(product, fetch, sink) }
    }
}

// SAFETY of all methods: the trait's callers promise a CPU with AVX-512 and ranges within the slices.
#[expect(clippy::undocumented_unsafe_blocks, reason = "one argument holds for all")]
impl Register for __m512 {
    const WIDTH: usize = 16;
    const ROWS: [usize; 3] = [9; 3]; // 27 accumulators, 3 of weights, 1 broadcast: 31 of 32 registers
    const PANEL: usize = 3;
    const STEPS_PER_FETCH: usize = 2;
    type I16s = __m256i;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        unsafe { _mm512_set1_ps(x) }
    }

    #[inline(always)]
    unsafe fn load(from: &[f32], at: usize) -> Self {
        debug_assert!(at + Self::WIDTH <= from.len());
        unsafe { _mm512_loadu_ps(from.as_ptr().add(at)) }
    }

    #[inline(always)]
    unsafe fn store(self, to: &mut [f32], at: usize) {
        debug_assert!(at + Self::WIDTH <= to.len());
        unsafe { _mm512_storeu_ps(to.as_mut_ptr().add(at), self) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        unsafe { _mm512_add_ps(self, other) }
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        unsafe { _mm512_sub_ps(self, other) }
    }

    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        unsafe { _mm512_mul_ps(self, other) }
    }

    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        unsafe { _mm512_div_ps(self, other) }
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        unsafe { _mm512_max_ps(self, other) }
    }

    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        unsafe { _mm512_min_ps(self, other) }
    }

    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, summand: Self) -> Self {
        unsafe { _mm512_fmadd_ps(self, factor, summand) }
    }

    #[inline(always)]
    unsafe fn clamp_exponent(self) -> Self {
        self // `scalef` saturates by itself
    }

    #[inline(always)]
    unsafe fn times_power_of_two(self, k: Self, _rounded: Self) -> Self {
        unsafe { _mm512_scalef_ps(self, k) }
    }

    #[inline(always)]
    unsafe fn prefetch(at: *const u8) {
        unsafe { _mm_prefetch::<_MM_HINT_T1>(at.cast()) }
    }

    #[inline(always)]
    unsafe fn total(self) -> f32 {
        unsafe { _mm512_reduce_add_ps(self) }
    }

    #[inline(always)]
    unsafe fn largest(self) -> f32 {
        unsafe { _mm512_reduce_max_ps(self) }
    }

    #[inline(always)]
    unsafe fn integers_to_floats(self) -> Self {
        unsafe { _mm512_cvtepi32_ps(_mm512_castps_si512(self)) }
    }

    #[inline(always)]
    unsafe fn store_bf16s(self, to: &mut [u16], at: usize) {
        debug_assert!(at + Self::WIDTH <= to.len());
        unsafe {
            let bits = _mm512_castps_si512(self);
            let odd = _mm512_and_si512(_mm512_srli_epi32::<16>(bits), _mm512_set1_epi32(1));
            let rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
            let halves = _mm512_cvtepi32_epi16(_mm512_srli_epi32::<16>(rounded));
            _mm256_storeu_si256(to.as_mut_ptr().add(at).cast(), halves);
        }
    }

    #[inline(always)]
    unsafe fn store_bytes(self, to: &mut [u8], at: usize) {
        debug_assert!(at + Self::WIDTH <= to.len());
        unsafe {
            let bytes = _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(self));
            _mm_storeu_si128(to.as_mut_ptr().add(at).cast(), bytes);
        }
    }

    #[inline(always)]
    unsafe fn dot_bf16s(self, weight: Self, sum: Self) -> Self {
        unsafe { _mm512_dpbf16_ps(sum, transmute::<__m512, __m512bh>(self), transmute::<__m512, __m512bh>(weight)) }
    }

    #[inline(always)]
    unsafe fn dot_bytes(self, weight: Self, sum: Self) -> Self {
        unsafe {
            let sum = _mm512_castps_si512(sum);
            _mm512_castsi512_ps(_mm512_dpbusd_epi32(sum, _mm512_castps_si512(self), _mm512_castps_si512(weight)))
        }
    }

    #[inline(always)]
    unsafe fn dot_small_bytes(self, weight: Self, sum: Self) -> Self {
        unsafe { self.dot_bytes(weight, sum) }
    }

    #[inline(always)]
    unsafe fn load_i16s(from: &[i16], at: usize) -> __m256i {
        debug_assert!(at + Self::WIDTH <= from.len());
        unsafe { _mm256_loadu_si256(from.as_ptr().add(at).cast()) }
    }

    #[inline(always)]
    unsafe fn add_i16s(one: __m256i, other: __m256i) -> __m256i {
        unsafe { _mm256_add_epi16(one, other) }
    }

    #[inline(always)]
    unsafe fn i16s_to_floats(words: __m256i) -> Self {
        unsafe { _mm512_cvtepi32_ps(_mm512_cvtepi16_epi32(words)) }
    }
}
