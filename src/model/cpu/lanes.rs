//! Vectors of floats: one trait, three register files. Kernels are written once over [`Lanes`].
//!
//! Everything is `inline(always)`, so that it ends up inside `avx2::run` or `avx512::run`, where the compiler may use the
//! instructions. Hence every method is `unsafe`: call it only below one of those.

use super::Path;
use super::gemm::{self, Bytes, Fetch, Product, Singles, Sink, SmallBytes};

#[cfg(target_arch = "x86_64")]
pub(super) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(super) mod avx512;

/// What is computed by the instructions of some [`Lanes`].
pub(super) trait Task {
    /// What comes out.
    type Output;

    /// Computes it.
    ///
    /// # Safety
    /// The CPU must have `L`'s instructions.
    unsafe fn run<L: Lanes>(self) -> Self::Output;
}

/// Computes `task` on `path`.
///
/// # Safety
/// The CPU must support `path`.
pub(super) unsafe fn run<T: Task>(path: Path, task: T) -> T::Output {
    // SAFETY: plain Rust has no requirement; the rest is the caller's promise.
    unsafe {
        match path {
            Path::Plain => task.run::<Plain>(),
            #[cfg(target_arch = "x86_64")]
            Path::Avx2 => avx2::run(task),
            #[cfg(target_arch = "x86_64")]
            Path::Avx512 => avx512::run(task),
            #[cfg(not(target_arch = "x86_64"))]
            Path::Avx2 | Path::Avx512 => unreachable!("the caller has seen that this CPU supports the path"),
        }
    }
}

/// Floats a register on `path`, and registers of columns a [`gemm`] tile: what weights are packed for.
pub(super) fn packing(path: Path) -> (usize, usize) {
    match path {
        Path::Plain => (Plain::WIDTH, Plain::PANEL),
        #[cfg(target_arch = "x86_64")]
        Path::Avx2 => (std::arch::x86_64::__m256::WIDTH, std::arch::x86_64::__m256::PANEL),
        #[cfg(target_arch = "x86_64")]
        Path::Avx512 => (std::arch::x86_64::__m512::WIDTH, std::arch::x86_64::__m512::PANEL),
        #[cfg(not(target_arch = "x86_64"))]
        Path::Avx2 | Path::Avx512 => unreachable!("this CPU supports no such path"),
    }
}

/// What a path without an instruction for bf16 says.
const NO_HALVES: &str = "this path has no instruction for bf16";

/// A register of floats, or of other words of 32 bits where it says so.
///
/// # Safety
/// Of all methods: the CPU must have the implementation's instructions. Of `load` and `store` also: `at + WIDTH` must be
/// within the slice.
pub(super) trait Lanes: Copy {
    /// Floats a register.
    const WIDTH: usize;
    /// Rows of a [`gemm`] tile at most, up to 9: as many as leave the accumulators in registers.
    const ROWS: usize;
    /// The same where bytes are multiplied by small ones.
    const ROWS_OF_SMALL_BYTES: usize = Self::ROWS;
    /// Registers of columns of a [`gemm`] tile at most, 1 to 3.
    const PANEL: usize;
    /// Steps of a [`gemm`] tile from one fetch to the next: as many as spread a strand's over its products.
    const STEPS_A_FETCH: usize;
    /// As many integers of sixteen bits.
    type Words: Copy;

    unsafe fn splat(x: f32) -> Self;
    unsafe fn load(from: &[f32], at: usize) -> Self;
    unsafe fn store(self, to: &mut [f32], at: usize);
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn sub(self, other: Self) -> Self;
    unsafe fn mul(self, other: Self) -> Self;
    unsafe fn div(self, other: Self) -> Self;
    unsafe fn max(self, other: Self) -> Self;
    unsafe fn min(self, other: Self) -> Self;
    /// self * factor + summand.
    unsafe fn mul_add(self, factor: Self, summand: Self) -> Self;
    /// Holds self within +-126, where the implementation of `times_power_of_two` needs it.
    unsafe fn clamp_exponent(self) -> Self;
    /// self * 2^k, where `rounded` = k + `ROUND` and `k` is that k.
    unsafe fn times_power_of_two(self, k: Self, rounded: Self) -> Self;
    /// Fetches a cache line into the second-level cache.
    unsafe fn prefetch(at: *const u8);
    /// All floats added up.
    unsafe fn total(self) -> f32;
    /// The largest float.
    unsafe fn largest(self) -> f32;
    /// The floats of what holds integers.
    unsafe fn integers_to_floats(self) -> Self;
    /// Stores each float, which must be within 0 and 255, as the nearest byte, the even one of two.
    unsafe fn store_bytes(self, to: &mut [u8], at: usize);
    /// `sum`, of integers, and the products of the four bytes in each word of self, unsigned, and `weight`, signed.
    unsafe fn dot_bytes(self, weight: Self, sum: Self) -> Self;
    /// [`dot_bytes`](Self::dot_bytes) where the bytes of `weight` are within +-[`gemm::SMALL`].
    unsafe fn dot_small_bytes(self, weight: Self, sum: Self) -> Self;
    /// As `load`.
    unsafe fn load_words(from: &[i16], at: usize) -> Self::Words;
    /// Wraps around.
    unsafe fn add_words(one: Self::Words, other: Self::Words) -> Self::Words;
    unsafe fn words_to_floats(words: Self::Words) -> Self;
    /// [`gemm::product`] of floats, out of line.
    unsafe fn product(product: Product<'_>, fetch: &mut impl Fetch, sink: &mut impl Sink);
    /// [`gemm::product`] of bytes, out of line; the CPU must have what [`Path::is_supported_in`] asks for.
    unsafe fn product_of_bytes(product: Product<'_>, fetch: &mut impl Fetch, sink: &mut impl Sink);
    /// [`gemm::product`] of bytes and small ones, as [`product_of_bytes`](Self::product_of_bytes).
    unsafe fn product_of_small_bytes(product: Product<'_>, fetch: &mut impl Fetch, sink: &mut impl Sink);

    /// Each float with no more digits than a bf16 has, to the nearest: Veltkamp's splitting (Dekker, "A floating-point
    /// technique for extending the available precision", 1971). For floats below 2^111.
    #[inline(always)]
    unsafe fn with_digits_of_half(self) -> Self {
        // SAFETY: the caller's CPU has the instructions.
        unsafe {
            let scaled = self.mul(Self::splat(65_537.0));
            scaled.sub(scaled.sub(self))
        }
    }

    /// Stores each float as bf16, rounded to the nearest, to the even one of two; where there is an instruction for bf16.
    unsafe fn store_halves(self, _to: &mut [u16], _at: usize) {
        unreachable!("{NO_HALVES}")
    }

    /// `sum`, of floats, and the products of the two bf16 in each word of self and `weight`; where there is an instruction
    /// for it.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
    unsafe fn dot_halves(self, _weight: Self, _sum: Self) -> Self {
        unreachable!("{NO_HALVES}")
    }

    /// [`gemm::product`] of bf16, out of line; where there is an instruction for it.
    unsafe fn product_of_halves(_product: Product<'_>, _fetch: &mut impl Fetch, _sink: &mut impl Sink) {
        unreachable!("{NO_HALVES}")
    }

    /// x / (1 + exp(-x)), within 2e-7 of the larger of 1 and |x|.
    #[inline(always)]
    unsafe fn silu(self) -> Self {
        // SAFETY: the caller's CPU has the instructions.
        unsafe { self.div(Self::splat(1.0).add(self.mul(Self::splat(-std::f32::consts::LOG2_E)).exp2())) }
    }

    /// x times the normal distribution's cumulative probability of x, within 2e-7 of the larger of 1 and |x|.
    ///
    /// As max(x, 0) - |x| * tail(|x|), whose tail is 2 to a polynomial.
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

/// The binary logarithm of the normal distribution's upper tail on [0, `TAIL_END`], highest power first: x times the tail
/// is within 1.1e-7.
const TAIL: [f32; 7] =
    [3.309_277e-5, -0.000_769_219_3, 0.008_080_715, -0.053_412_1, -0.458_770_96, -1.151_201_7, -0.999_993_1];

/// x times the tail is below 3e-8 from here on.
const TAIL_END: f32 = 5.75;

/// The bf16 nearest to `x`, the even one of two; no NaN.
#[inline(always)]
#[allow(clippy::cast_possible_truncation)] // the upper half of 32 bits
pub(super) fn half(x: f32) -> u16 {
    let bits = x.to_bits();
    (bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16) as u16
}

/// The integer nearest to `x`, the even one of two, as a byte of two's complement.
#[inline(always)]
#[allow(clippy::cast_possible_truncation)] // the low byte holds it
pub(super) fn nearest_byte(x: f32) -> u8 {
    (x + ROUND).to_bits() as u8
}

/// The integer nearest to `x`, the even one of two, which sixteen bits must hold.
#[inline(always)]
#[allow(clippy::cast_possible_truncation)] // the low half holds it
pub(super) fn nearest_word(x: f32) -> i16 {
    (x + ROUND).to_bits() as i16
}

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
    type Words = [i16; 4];

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
    unsafe fn min(self, other: Self) -> Self {
        self.zip(other, |a, b| if a < b { a } else { b })
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
    unsafe fn prefetch(_at: *const u8) {}

    #[inline(always)]
    unsafe fn total(self) -> f32 {
        self.0[0] + self.0[1] + (self.0[2] + self.0[3])
    }

    #[inline(always)]
    unsafe fn largest(self) -> f32 {
        self.0.into_iter().fold(f32::NEG_INFINITY, |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    #[allow(clippy::cast_precision_loss)] // to the nearest, as the instructions do
    unsafe fn integers_to_floats(self) -> Self {
        self.map(|x| x.to_bits().cast_signed() as f32)
    }

    #[inline(always)]
    unsafe fn store_bytes(self, to: &mut [u8], at: usize) {
        to[at..at + 4].copy_from_slice(&self.0.map(nearest_byte));
    }

    #[inline(always)]
    unsafe fn dot_bytes(self, weight: Self, sum: Self) -> Self {
        let mut result = sum;
        for ((sum, x), weight) in result.0.iter_mut().zip(self.0).zip(weight.0) {
            let products = x.to_bits().to_le_bytes().into_iter().zip(weight.to_bits().to_le_bytes());
            let product: i32 = products.map(|(x, weight)| i32::from(x) * i32::from(weight.cast_signed())).sum();
            *sum = f32::from_bits(sum.to_bits().wrapping_add(product.cast_unsigned()));
        }
        result
    }

    #[inline(always)]
    unsafe fn dot_small_bytes(self, weight: Self, sum: Self) -> Self {
        // SAFETY: as for this function.
        unsafe { self.dot_bytes(weight, sum) }
    }

    #[inline(always)]
    unsafe fn load_words(from: &[i16], at: usize) -> [i16; 4] {
        from[at..at + 4].try_into().expect("four words make a register")
    }

    #[inline(always)]
    unsafe fn add_words(mut one: [i16; 4], other: [i16; 4]) -> [i16; 4] {
        one.iter_mut().zip(other).for_each(|(one, other)| *one = one.wrapping_add(other));
        one
    }

    #[inline(always)]
    unsafe fn words_to_floats(words: [i16; 4]) -> Self {
        Self(words.map(f32::from))
    }

    unsafe fn product(product: Product<'_>, fetch: &mut impl Fetch, sink: &mut impl Sink) {
        // SAFETY: as for this function.
        unsafe { gemm::product::<Self, Singles, _>(product, fetch, sink) }
    }

    unsafe fn product_of_bytes(product: Product<'_>, fetch: &mut impl Fetch, sink: &mut impl Sink) {
        // SAFETY: as for this function.
        unsafe { gemm::product::<Self, Bytes, _>(product, fetch, sink) }
    }

    unsafe fn product_of_small_bytes(product: Product<'_>, fetch: &mut impl Fetch, sink: &mut impl Sink) {
        // SAFETY: as for this function.
        unsafe { gemm::product::<Self, SmallBytes, _>(product, fetch, sink) }
    }
}
