//! AMX: products of bf16 and bytes on tiles, everything else as with AVX-512.

use std::arch::x86_64::__m512;

use super::super::gemm::{Fetch, Product, Sink};
use super::super::packed::Packing;
use super::super::tiles::{self, Numbers, PACKING};
use super::avx512::Avx512;
use super::definition::Isa;

/// AMX with bf16 and bytes, and AVX-512.
#[derive(Debug)]
pub(in super::super) struct Amx;

impl Isa for Amx {
    type Register = __m512;
    const LOW_PACKING: Packing = PACKING;

    #[inline(always)]
    unsafe fn product(product: Product<'_>, fetch: &mut impl Fetch, sink: &mut impl Sink) {
        // SAFETY: as for this function.
        unsafe { Avx512::product(product, fetch, sink) }
    }

    #[inline(always)]
    unsafe fn product_of_small_bytes(product: Product<'_>, fetch: &mut impl Fetch, sink: &mut impl Sink) {
        // SAFETY: as for this function.
        unsafe { Avx512::product_of_small_bytes(product, fetch, sink) }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    unsafe fn product_of_bytes(product: Product<'_>, _fetch: &mut impl Fetch, sink: &mut impl Sink) {
        // SAFETY: the method has the features; the rest is the caller's promise.
        unsafe { tiles::product::<__m512, tiles::Amx>(Numbers::Bytes, product, sink) }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    unsafe fn product_of_bf16s(product: Product<'_>, _fetch: &mut impl Fetch, sink: &mut impl Sink) {
        // SAFETY: the method has the features; the rest is the caller's promise.
        unsafe { tiles::product::<__m512, tiles::Amx>(Numbers::Bf16, product, sink) }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    unsafe fn product_of_split_bf16s(product: Product<'_>, _fetch: &mut impl Fetch, sink: &mut impl Sink) {
        // SAFETY: the method has the features; the rest is the caller's promise.
        unsafe { tiles::product::<__m512, tiles::Amx>(Numbers::SplitBf16, product, sink) }
    }
}
