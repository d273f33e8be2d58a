//! AVX-512: sixteen floats a register.

use std::arch::x86_64::{
    __m512, _MM_HINT_T1, _mm_prefetch, _mm512_add_ps, _mm512_div_ps, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_max_ps,
    _mm512_mul_ps, _mm512_scalef_ps, _mm512_set1_ps, _mm512_storeu_ps, _mm512_sub_ps,
};

use super::super::gemm::{self, Product};
use super::super::network::{Network, Next, Workspace};
use super::super::table::{Ahead, Lookup};
use super::Lanes;

/// [`Network::forward`] with AVX-512.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
pub(in super::super) unsafe fn forward(
    network: &Network,
    read: &Lookup,
    workspace: &mut Workspace,
    next: Next<'_>,
) -> [f32; 7] {
    // SAFETY: this function has the features; the rest is the caller's promise.
    unsafe { network.forward::<__m512>(read, workspace, next) }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
unsafe fn product(product: Product<'_>, ahead: &mut Ahead<'_>, to: &mut [f32]) {
    // SAFETY: this function has the features; the rest is the caller's promise.
    unsafe { gemm::product::<__m512>(product, ahead, to) }
}

// SAFETY of all methods: the trait's callers promise a CPU with AVX-512 and ranges within the slices.
impl Lanes for __m512 {
    const WIDTH: usize = 16;
    const ROWS: usize = 9; // 27 accumulators, 3 of weights, 1 broadcast: 31 of 32 registers
    const PANEL: usize = 3;
    const STEPS_A_FETCH: usize = 2;

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
    unsafe fn prefetch(from: &[f32], at: usize) {
        unsafe { _mm_prefetch::<_MM_HINT_T1>(from.as_ptr().wrapping_add(at).cast()) }
    }

    #[inline(always)]
    unsafe fn product(what: Product<'_>, ahead: &mut Ahead<'_>, to: &mut [f32]) {
        unsafe { product(what, ahead, to) }
    }
}
