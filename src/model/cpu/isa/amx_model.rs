//! AMX in software, with which everything but the assembly is tested on any CPU.

use super::super::gemm::{Fetch, Product, Sink};
use super::super::packed::Packing;
use super::super::tiles::{self, Model, Numbers, PACKING};
use super::definition::Isa;
use super::plain::{Plain, Plain4};

/// Plain Rust, with products of bf16 and bytes on modelled tiles.
#[derive(Debug)]
pub(in super::super) struct AmxModel;

impl Isa for AmxModel {
    type Register = Plain4;
    const LOW_PACKING: Packing = PACKING;

    unsafe fn product(product: Product<'_>, fetch: &mut impl Fetch, sink: &mut impl Sink) {
        // SAFETY: as for this function.
        unsafe { Plain::product(product, fetch, sink) }
    }

    unsafe fn product_of_small_bytes(product: Product<'_>, fetch: &mut impl Fetch, sink: &mut impl Sink) {
        // SAFETY: as for this function.
        unsafe { Plain::product_of_small_bytes(product, fetch, sink) }
    }

    unsafe fn product_of_bytes(product: Product<'_>, _fetch: &mut impl Fetch, sink: &mut impl Sink) {
        // SAFETY: as for this function.
        unsafe { tiles::product::<Plain4, Model>(Numbers::Bytes, product, sink) }
    }

    unsafe fn product_of_bf16s(product: Product<'_>, _fetch: &mut impl Fetch, sink: &mut impl Sink) {
        // SAFETY: as for this function.
        unsafe { tiles::product::<Plain4, Model>(Numbers::Bf16, product, sink) }
    }

    unsafe fn product_of_split_bf16s(product: Product<'_>, _fetch: &mut impl Fetch, sink: &mut impl Sink) {
        // SAFETY: as for this function.
        unsafe { tiles::product::<Plain4, Model>(Numbers::SplitBf16, product, sink) }
    }
}
