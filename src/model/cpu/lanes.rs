//! Vectors of floats: one trait, three register files. Kernels are written once over [`Lanes`].
//!
//! Everything is `inline(always)`, so that it ends up inside `avx2::forward` or `avx512::forward`, where the compiler may
//! use the instructions. Hence every method is `unsafe`: call it only below one of those.

use super::gemm::{self, Product};
use super::table::Ahead;

#[cfg(target_arch = "x86_64")]
pub(super) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(super) mod avx512;

/// A register of floats.
///
/// # Safety
/// Of all methods: the CPU must have the implementation's instructions. Of `load` and `store` also: `at + WIDTH` must be
/// within the slice.
pub(super) trait Lanes: Copy {
    /// Floats a register.
    const WIDTH: usize;
    /// Rows of a [`gemm`] tile at most, up to 9: as many as leave the accumulators in registers.
    const ROWS: usize;
    /// Registers of columns of a [`gemm`] tile at most, 1 to 3.
    const PANEL: usize;
    /// Steps of a [`gemm`] tile from one fetch to the next: as many as spread a strand's over its products.
    const STEPS_A_FETCH: usize;

    unsafe fn splat(x: f32) -> Self;
    unsafe fn load(from: &[f32], at: usize) -> Self;
    unsafe fn store(self, to: &mut [f32], at: usize);
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn sub(self, other: Self) -> Self;
    unsafe fn mul(self, other: Self) -> Self;
    unsafe fn div(self, other: Self) -> Self;
    unsafe fn max(self, other: Self) -> Self;
    /// self * factor + summand.
    unsafe fn mul_add(self, factor: Self, summand: Self) -> Self;
    /// Holds self within +-126, where the implementation of `times_power_of_two` needs it.
    unsafe fn clamp_exponent(self) -> Self;
    /// self * 2^k, where `rounded` = k + `ROUND` and `k` is that k.
    unsafe fn times_power_of_two(self, k: Self, rounded: Self) -> Self;
    /// Fetches a cache line into the second-level cache.
    unsafe fn prefetch(from: &[f32], at: usize);
    /// [`gemm::product`], out of line.
    unsafe fn product(product: Product<'_>, ahead: &mut Ahead<'_>, to: &mut [f32]);

    /// x / (1 + exp(-x)), within 2e-7 of the larger of 1 and |x|.
    #[inline(always)]
    unsafe fn silu(self) -> Self {
        // SAFETY: the caller's CPU has the instructions.
        unsafe { self.div(Self::splat(1.0).add(self.mul(Self::splat(-std::f32::consts::LOG2_E)).exp2())) }
    }

    /// 2^self: the integer part by the exponent's bits, 2^rest by a polynomial.
    #[inline(always)]
    unsafe fn exp2(self) -> Self {
        // SAFETY: the caller's CPU has the instructions.
        unsafe {
            let x = self.clamp_exponent();
            let rounded = x.add(Self::splat(ROUND));
            let k = rounded.sub(Self::splat(ROUND));
            let rest = x.sub(k);
            let mut power = Self::splat(EXP2[0]);
            for coefficient in &EXP2[1..] {
                power = power.mul_add(rest, Self::splat(*coefficient));
            }
            power.times_power_of_two(k, rounded)
        }
    }
}

/// 1.5 * 2^23: added to a float, leaves it rounded to an integer in the low bits.
const ROUND: f32 = 12_582_912.0;

/// 2^x on [-1/2, 1/2], highest power first; largest relative error 9.2e-8 before rounding.
#[allow(clippy::approx_constant)] // the fifth is not quite ln 2: it makes up for the terms left out
const EXP2: [f32; 6] = [0.001_326_472_7, 0.009_671_513, 0.055_507_336, 0.240_222_42, 0.693_147, 1.0];

/// Plain Rust; the compiler makes registers of it.
#[derive(Clone, Copy)]
pub(super) struct Plain([f32; 4]);

impl Plain {
    #[inline(always)]
    fn map(mut self, f: impl Fn(f32) -> f32) -> Self {
        for x in &mut self.0 {
            *x = f(*x);
        }
        self
    }

    #[inline(always)]
    fn zip(mut self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        for (x, y) in self.0.iter_mut().zip(other.0) {
            *x = f(*x, y);
        }
        self
    }
}

// SAFETY of all methods: plain Rust, checked.
impl Lanes for Plain {
    const WIDTH: usize = 4;
    const ROWS: usize = if cfg!(target_arch = "aarch64") { 8 } else { 4 };
    const STEPS_A_FETCH: usize = usize::MAX; // it has none
    const PANEL: usize = if cfg!(target_arch = "aarch64") { 3 } else { 2 };

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        Self([x; 4])
    }

    #[inline(always)]
    unsafe fn load(from: &[f32], at: usize) -> Self {
        Self(from[at..at + 4].try_into().expect("four floats make a register"))
    }

    #[inline(always)]
    unsafe fn store(self, to: &mut [f32], at: usize) {
        to[at..at + 4].copy_from_slice(&self.0);
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }

    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }

    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        self.zip(other, |a, b| a / b)
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, summand: Self) -> Self {
        // Without an instruction for it, `f32::mul_add` is a slow call.
        let fused = cfg!(any(target_feature = "fma", target_arch = "aarch64"));
        let mut result = summand;
        for ((sum, x), factor) in result.0.iter_mut().zip(self.0).zip(factor.0) {
            *sum = if fused { x.mul_add(factor, *sum) } else { x * factor + *sum };
        }
        result
    }

    #[inline(always)]
    unsafe fn clamp_exponent(self) -> Self {
        self.map(|x| if x > -126.0 { x } else { -126.0 }).map(|x| if x < 126.0 { x } else { 126.0 })
    }

    #[inline(always)]
    unsafe fn times_power_of_two(self, _k: Self, rounded: Self) -> Self {
        self.zip(rounded, |x, rounded| f32::from_bits(x.to_bits().wrapping_add(rounded.to_bits() << 23)))
    }

    #[inline(always)]
    unsafe fn prefetch(_from: &[f32], _at: usize) {}

    unsafe fn product(product: Product<'_>, ahead: &mut Ahead<'_>, to: &mut [f32]) {
        // SAFETY: as for this function.
        unsafe { gemm::product::<Self>(product, ahead, to) }
    }
}
