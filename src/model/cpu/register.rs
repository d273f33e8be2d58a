//! Vector registers: one trait, implemented for each register file. Kernels are written once, over [`Register`].
//!
//! Every method is `inline(always)`, so that it ends up inside a function that may use the instructions (`dispatch`,
//! `isa`). Hence every method is `unsafe`: it may only be called below one of those.

/// Why a method for bf16 cannot be called.
const NO_BF16: &str = "this register file has no instruction for bf16";

/// A register of floats, or of other 32-bit words if a method says so.
///
/// # Safety
/// For all methods, the CPU must have the implementation's instructions. For loads and stores, `at + WIDTH` must also
/// be within the slice.
pub(super) trait Register: Copy {
    /// The number of floats in a register.
    const WIDTH: usize;
    /// The most rows of a matrix product's tile, up to 9, indexed by its registers of columns minus one: as many as
    /// leave the sums in registers.
    const ROWS: [usize; 3];
    /// The most rows if bytes are multiplied by small ones.
    const ROWS_OF_SMALL_BYTES: [usize; 3] = Self::ROWS;
    /// The most registers of columns in a matrix product's tile, 1 to 3.
    const PANEL: usize;
    /// The number of steps of a matrix product's tile from one prefetch to the next when rows of a table are
    /// prefetched: chosen to spread a strand's rows over its products.
    const STEPS_PER_FETCH: usize;
    /// A register of as many 16-bit integers.
    type I16s: Copy;

    unsafe fn splat(x: f32) -> Self;
    unsafe fn load(from: &[f32], at: usize) -> Self;
    unsafe fn store(self, to: &mut [f32], at: usize);
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn sub(self, other: Self) -> Self;
    unsafe fn mul(self, other: Self) -> Self;
    unsafe fn div(self, other: Self) -> Self;
    unsafe fn max(self, other: Self) -> Self;
    unsafe fn min(self, other: Self) -> Self;
    /// `self * factor + summand`.
    unsafe fn mul_add(self, factor: Self, summand: Self) -> Self;
    /// Clamps `self` to +-126 if the implementation of `times_power_of_two` needs it.
    unsafe fn clamp_exponent(self) -> Self;
    /// `self` * 2^k, where `rounded` = k + `ROUND`.
    unsafe fn times_power_of_two(self, k: Self, rounded: Self) -> Self;
    /// Prefetches a cache line into the second-level cache.
    unsafe fn prefetch(at: *const u8);
    /// The sum of all floats.
    unsafe fn total(self) -> f32;
    /// The largest float.
    unsafe fn largest(self) -> f32;
    /// Converts integers to floats.
    unsafe fn integers_to_floats(self) -> Self;
    /// Stores each float, which must be from 0 to 255, as the nearest byte; ties go to the even one.
    unsafe fn store_bytes(self, to: &mut [u8], at: usize);
    /// Returns `sum`, of integers, plus the products of the four unsigned bytes in each word of `self` and the signed
    /// ones of `weight`.
    unsafe fn dot_bytes(self, weight: Self, sum: Self) -> Self;
    /// Computes [`dot_bytes`](Self::dot_bytes) for `weight` with bytes within +-63.
    unsafe fn dot_small_bytes(self, weight: Self, sum: Self) -> Self;
    /// Loads 16-bit integers, as `load` loads floats.
    unsafe fn load_i16s(from: &[i16], at: usize) -> Self::I16s;
    /// Adds integers; sums wrap around.
    unsafe fn add_i16s(one: Self::I16s, other: Self::I16s) -> Self::I16s;
    unsafe fn i16s_to_floats(integers: Self::I16s) -> Self;

    /// Rounds each float to the precision of bf16, still as an f32, with Veltkamp's splitting (Dekker, "A
    /// floating-point technique for extending the available precision", 1971). For floats below 2^111.
    #[inline(always)]
    unsafe fn rounded_to_bf16(self) -> Self {
        // SAFETY: the caller's CPU has the instructions.
        unsafe {
            let scaled = self.mul(Self::splat(65_537.0));
            scaled.sub(scaled.sub(self))
        }
    }

    /// Stores each float as bf16, rounded to the nearest; ties go to the even one. Only for instruction sets with bf16.
    unsafe fn store_bf16s(self, _to: &mut [u16], _at: usize) {
        unreachable!("{NO_BF16}")
    }

    /// Returns `sum`, of floats, plus the products of the two bf16 in each word of `self` and `weight`. Only for
    /// instruction sets with bf16.
    #[cfg_attr(not(any(target_arch = "x86_64", target_arch = "aarch64")), allow(dead_code))]
    unsafe fn dot_bf16s(self, _weight: Self, _sum: Self) -> Self {
        unreachable!("{NO_BF16}")
    }

    /// x / (1 + exp(-x)), within 2e-7 of the larger of 1 and |x|.
    #[inline(always)]
    unsafe fn silu(self) -> Self {
        // SAFETY: the caller's CPU has the instructions.
        unsafe { self.div(Self::splat(1.0).add(self.mul(Self::splat(-std::f32::consts::LOG2_E)).exp2())) }
    }

    /// Computes [`silu`](Self::silu) of two registers with one division, which takes as long as a dozen other
    /// operations.
    #[inline(always)]
    unsafe fn silu_of_two(one: Self, other: Self) -> (Self, Self) {
        /// The product of two such powers is finite; `SiLU` is practically zero there.
        const MOST: f32 = 60.0;
        // SAFETY: the caller's CPU has the instructions.
        unsafe {
            let (log, most) = (Self::splat(-std::f32::consts::LOG2_E), Self::splat(MOST));
            let a = Self::splat(1.0).add(one.mul(log).min(most).exp2());
            let b = Self::splat(1.0).add(other.mul(log).min(most).exp2());
            let both = Self::splat(1.0).div(a.mul(b));
            (one.mul(b.mul(both)), other.mul(a.mul(both)))
        }
    }

    /// x times the cumulative normal distribution at x, within 2e-7 of the larger of 1 and |x|.
    ///
    /// Computed as max(x, 0) - |x| * tail(|x|), where the tail is 2 to the power of a polynomial.
    #[inline(always)]
    unsafe fn gelu(self) -> Self {
        // SAFETY: the caller's CPU has the instructions.
        unsafe {
            let zero = Self::splat(0.0);
            let size = self.max(zero.sub(self)).min(Self::splat(TAIL_END));
            let mut exponent = Self::splat(TAIL[0]);
            for coefficient in &TAIL[1..] {
                exponent = exponent.mul_add(size, Self::splat(*coefficient));
            }
            zero.sub(size).mul_add(exponent.exp2(), self.max(zero))
        }
    }

    /// 2^self. The integer part goes into the exponent's bits; a polynomial computes 2^rest.
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

/// 1.5 * 2^23. Added to a float, it leaves the nearest integer in the low bits.
const ROUND: f32 = 12_582_912.0;

/// 2^x on [-1/2, 1/2], highest power first; largest relative error 9.2e-8 before rounding.
#[allow(clippy::approx_constant)] // the fifth is not quite ln 2: it makes up for the terms left out
const EXP2: [f32; 6] = [0.001_326_472_7, 0.009_671_513, 0.055_507_336, 0.240_222_42, 0.693_147, 1.0];

/// The binary logarithm of the upper tail of the normal distribution on [0, `TAIL_END`], highest power first: x times
/// the tail is accurate to 1.1e-7.
const TAIL: [f32; 7] =
    [3.309_277e-5, -0.000_769_219_3, 0.008_080_715, -0.053_412_1, -0.458_770_96, -1.151_201_7, -0.999_993_1];

/// From here on, x times the tail is below 3e-8.
const TAIL_END: f32 = 5.75;

/// The bf16 nearest to `x`; ties go to the even one. `x` must not be NaN.
#[inline(always)]
#[allow(clippy::cast_possible_truncation)] // the upper half of 32 bits
pub(super) fn bf16(x: f32) -> u16 {
    let bits = x.to_bits();
    (bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16) as u16
}

/// The integer nearest to `x` as a byte in two's complement; ties go to the even one.
#[inline(always)]
#[allow(clippy::cast_possible_truncation)] // the low byte holds it
pub(super) fn nearest_byte(x: f32) -> u8 {
    (x + ROUND).to_bits() as u8
}

/// The integer nearest to `x`, which must fit into 16 bits; ties go to the even one.
#[inline(always)]
#[allow(clippy::cast_possible_truncation)] // the low half holds it
pub(super) fn nearest_i16(x: f32) -> i16 {
    (x + ROUND).to_bits() as i16
}
