//! Plain Rust: whatever instructions the build's target has.

use super::super::gemm::{self, Bytes, Fetch, Product, Singles, Sink, SmallBytes};
use super::super::register::{Register, bf16, nearest_byte};
use super::definition::Isa;

/// Plain Rust.
#[derive(Debug)]
pub(in super::super) struct Plain;

impl Isa for Plain {
    type Register = Plain4;

    unsafe fn product(product: Product<'_>, fetch: &mut impl Fetch, sink: &mut impl Sink) {
        // SAFETY: as for this function.
        unsafe { gemm::product::<Plain4, Singles, _>(product, fetch, sink) }
    }

    unsafe fn product_of_bytes(product: Product<'_>, fetch: &mut impl Fetch, sink: &mut impl Sink) {
        // SAFETY: as for this function.
        unsafe { gemm::product::<Plain4, Bytes, _>(product, fetch, sink) }
    }

    unsafe fn product_of_small_bytes(product: Product<'_>, fetch: &mut impl Fetch, sink: &mut impl Sink) {
        // SAFETY: as for this function.
        unsafe { gemm::product::<Plain4, SmallBytes, _>(product, fetch, sink) }
    }
}

/// Four floats in plain Rust; the compiler makes a register of them.
#[derive(Clone, Copy)]
pub(in super::super) struct Plain4([f32; 4]);

impl Plain4 {
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
impl Register for Plain4 {
    const WIDTH: usize = 4;
    const ROWS: [usize; 3] = if cfg!(target_arch = "aarch64") { [8; 3] } else { [4; 3] };
    const STEPS_PER_FETCH: usize = usize::MAX; // there is no prefetch
    const PANEL: usize = if cfg!(target_arch = "aarch64") { 3 } else { 2 };
    type I16s = [i16; 4];

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
    unsafe fn store_bf16s(self, to: &mut [u16], at: usize) {
        to[at..at + 4].copy_from_slice(&self.0.map(bf16));
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
    unsafe fn load_i16s(from: &[i16], at: usize) -> [i16; 4] {
        from[at..at + 4].try_into().expect("four integers make a register")
    }

    #[inline(always)]
    unsafe fn add_i16s(mut one: [i16; 4], other: [i16; 4]) -> [i16; 4] {
        one.iter_mut().zip(other).for_each(|(one, other)| *one = one.wrapping_add(other));
        one
    }

    #[inline(always)]
    unsafe fn i16s_to_floats(integers: [i16; 4]) -> Self {
        Self(integers.map(f32::from))
    }
}
