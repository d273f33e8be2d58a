//! AVX2 and FMA: eight floats a register.

use std::arch::x86_64::{
    __m256, _MM_HINT_T1, _mm_prefetch, _mm256_add_epi32, _mm256_add_ps, _mm256_castps_si256, _mm256_castsi256_ps,
    _mm256_div_ps, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_max_ps, _mm256_min_ps, _mm256_mul_ps, _mm256_set1_ps,
    _mm256_slli_epi32, _mm256_storeu_ps, _mm256_sub_ps,
};

use super::super::gemm::{self, Product};
use super::super::network::{Network, Next, Workspace};
use super::super::table::{Ahead, Lookup};
use super::Lanes;

/// [`Network::forward`] with AVX2 and FMA.
#[target_feature(enable = "avx2,fma")]
pub(in super::super) unsafe fn forward(
    network: &Network,
    read: &Lookup,
    workspace: &mut Workspace,
    next: Next<'_>,
) -> [f32; 7] {
    // SAFETY: this function has the features; the rest is the caller's promise.
    unsafe { network.forward::<__m256>(read, workspace, next) }
}

#[target_feature(enable = "avx2,fma")]
unsafe fn product(product: Product<'_>, ahead: &mut Ahead<'_>, to: &mut [f32]) {
    // SAFETY: this function has the features; the rest is the caller's promise.
    unsafe { gemm::product::<__m256>(product, ahead, to) }
}

// SAFETY of all methods: the trait's callers promise a CPU with AVX2 and FMA and ranges within the slices.
impl Lanes for __m256 {
    const WIDTH: usize = 8;
    const ROWS: usize = 4; // 12 accumulators, 3 of weights, 1 broadcast: all 16 registers
    const PANEL: usize = 3;
    const STEPS_A_FETCH: usize = 12;

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
    unsafe fn prefetch(from: &[f32], at: usize) {
        unsafe { _mm_prefetch::<_MM_HINT_T1>(from.as_ptr().wrapping_add(at).cast()) }
    }

    #[inline(always)]
    unsafe fn product(what: Product<'_>, ahead: &mut Ahead<'_>, to: &mut [f32]) {
        unsafe { product(what, ahead, to) }
    }
}
