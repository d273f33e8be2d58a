//! AVX2 and FMA: eight floats a register.

use std::arch::x86_64::{
    __m128i, __m256, _MM_HINT_T1, _mm_add_epi16, _mm_loadu_si128, _mm_packs_epi32, _mm_packus_epi16, _mm_prefetch,
    _mm_storel_epi64, _mm256_add_epi32, _mm256_add_ps, _mm256_and_si256, _mm256_castps_si256, _mm256_castsi256_ps,
    _mm256_castsi256_si128, _mm256_cvtepi16_epi32, _mm256_cvtepi32_ps, _mm256_cvtps_epi32, _mm256_div_ps,
    _mm256_extracti128_si256, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_madd_epi16, _mm256_maddubs_epi16, _mm256_max_ps,
    _mm256_min_ps, _mm256_mul_ps, _mm256_set1_epi16, _mm256_set1_ps, _mm256_slli_epi16, _mm256_slli_epi32,
    _mm256_srai_epi16, _mm256_srli_epi16, _mm256_storeu_ps, _mm256_sub_ps,
};

use super::super::gemm::{self, Bytes, Fetch, Product, Singles, Sink, SmallBytes};
use super::super::register::Register;
use super::definition::Isa;

/// AVX2 with FMA.
#[derive(Debug)]
pub(in super::super) struct Avx2;

impl Isa for Avx2 {
    type Register = __m256;

    #[target_feature(enable = "avx2,fma")]
    unsafe fn product(product: Product<'_>, fetch: &mut impl Fetch, sink: &mut impl Sink) {
        // SAFETY: the method has the features; the rest is the caller's promise.
        unsafe { gemm::product::<__m256, Singles, _>(product, fetch, sink) }
    }

    #[target_feature(enable = "avx2,fma")]
    unsafe fn product_of_bytes(product: Product<'_>, fetch: &mut impl Fetch, sink: &mut impl Sink) {
        // SAFETY: the method has the features; the rest is the caller's promise.
        unsafe { gemm::product::<__m256, Bytes, _>(product, fetch, sink) }
    }

    #[target_feature(enable = "avx2,fma")]
    unsafe fn product_of_small_bytes(product: Product<'_>, fetch: &mut impl Fetch, sink: &mut impl Sink) {
        // SAFETY: the method has the features; the rest is the caller's promise.
        unsafe { gemm::product::<__m256, SmallBytes, _>(product, fetch, sink) }
    }
}

// SAFETY of all methods: the trait's callers promise a CPU with AVX2 and FMA and ranges within the slices.
#[expect(clippy::undocumented_unsafe_blocks, reason = "one argument holds for all")]
impl Register for __m256 {
    const WIDTH: usize = 8;
    const ROWS: [usize; 3] = [9, 6, 4]; // 12 accumulators, 3 of weights, 1 broadcast: all 16 registers
    const ROWS_OF_SMALL_BYTES: [usize; 3] = [9, 5, 3]; // so that ones and a product have registers too
    const PANEL: usize = 3;
    const STEPS_PER_FETCH: usize = 12;
    type I16s = __m128i;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        unsafe { _mm256_set1_ps(x) }
    }

    #[inline(always)]
    unsafe fn load(from: &[f32], at: usize) -> Self {
        debug_assert!(at + Self::WIDTH <= from.len());
        unsafe { _mm256_loadu_ps(from.as_ptr().add(at)) }
    }

    #[inline(always)]
    unsafe fn store(self, to: &mut [f32], at: usize) {
        debug_assert!(at + Self::WIDTH <= to.len());
        unsafe { _mm256_storeu_ps(to.as_mut_ptr().add(at), self) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        unsafe { _mm256_add_ps(self, other) }
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        unsafe { _mm256_sub_ps(self, other) }
    }

    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        unsafe { _mm256_mul_ps(self, other) }
    }

    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        unsafe { _mm256_div_ps(self, other) }
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        unsafe { _mm256_max_ps(self, other) }
    }

    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        unsafe { _mm256_min_ps(self, other) }
    }

    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, summand: Self) -> Self {
        unsafe { _mm256_fmadd_ps(self, factor, summand) }
    }

    #[inline(always)]
    unsafe fn clamp_exponent(self) -> Self {
        unsafe { _mm256_min_ps(_mm256_max_ps(self, Self::splat(-126.0)), Self::splat(126.0)) }
    }

    #[inline(always)]
    unsafe fn times_power_of_two(self, _k: Self, rounded: Self) -> Self {
        unsafe {
            let exponent = _mm256_slli_epi32::<23>(_mm256_castps_si256(rounded));
            _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(self), exponent))
        }
    }

    #[inline(always)]
    unsafe fn prefetch(at: *const u8) {
        unsafe { _mm_prefetch::<_MM_HINT_T1>(at.cast()) }
    }

    #[inline(always)]
    unsafe fn total(self) -> f32 {
        unsafe {
            let mut floats = [0.0; Self::WIDTH];
            self.store(&mut floats, 0);
            let pair = |at: usize| floats[at] + floats[at + 4];
            (pair(0) + pair(2)) + (pair(1) + pair(3))
        }
    }

    #[inline(always)]
    unsafe fn largest(self) -> f32 {
        unsafe {
            let mut floats = [0.0; Self::WIDTH];
            self.store(&mut floats, 0);
            floats.into_iter().fold(f32::NEG_INFINITY, f32::max)
        }
    }

    #[inline(always)]
    unsafe fn integers_to_floats(self) -> Self {
        unsafe { _mm256_cvtepi32_ps(_mm256_castps_si256(self)) }
    }

    #[inline(always)]
    unsafe fn store_bytes(self, to: &mut [u8], at: usize) {
        debug_assert!(at + Self::WIDTH <= to.len());
        unsafe {
            let integers = _mm256_cvtps_epi32(self);
            let [low, high] = [_mm256_castsi256_si128(integers), _mm256_extracti128_si256::<1>(integers)];
            let words = _mm_packs_epi32(low, high);
            _mm_storel_epi64(to.as_mut_ptr().add(at).cast(), _mm_packus_epi16(words, words));
        }
    }

    #[inline(always)]
    unsafe fn dot_bytes(self, weight: Self, sum: Self) -> Self {
        unsafe {
            let (value, weight) = (_mm256_castps_si256(self), _mm256_castps_si256(weight));
            // As sixteen bits each, the even bytes and the odd ones: no product or sum of two overflows.
            let even = _mm256_and_si256(value, _mm256_set1_epi16(0xff));
            let even_weight = _mm256_srai_epi16::<8>(_mm256_slli_epi16::<8>(weight));
            let [odd, odd_weight] = [_mm256_srli_epi16::<8>(value), _mm256_srai_epi16::<8>(weight)];
            let products = _mm256_add_epi32(_mm256_madd_epi16(even, even_weight), _mm256_madd_epi16(odd, odd_weight));
            _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(sum), products))
        }
    }

    #[inline(always)]
    unsafe fn dot_small_bytes(self, weight: Self, sum: Self) -> Self {
        unsafe {
            // Sums of two products in sixteen bits each: 2 * 255 * 63 fits.
            let pairs = _mm256_maddubs_epi16(_mm256_castps_si256(self), _mm256_castps_si256(weight));
            let products = _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
            _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(sum), products))
        }
    }

    #[inline(always)]
    unsafe fn load_i16s(from: &[i16], at: usize) -> __m128i {
        debug_assert!(at + Self::WIDTH <= from.len());
        unsafe { _mm_loadu_si128(from.as_ptr().add(at).cast()) }
    }

    #[inline(always)]
    unsafe fn add_i16s(one: __m128i, other: __m128i) -> __m128i {
        unsafe { _mm_add_epi16(one, other) }
    }

    #[inline(always)]
    unsafe fn i16s_to_floats(words: __m128i) -> Self {
        unsafe { _mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(words)) }
    }
}
