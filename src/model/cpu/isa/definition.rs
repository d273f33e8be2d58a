//! The interface of an instruction set for the kernels.

use super::super::gemm::{Fetch, Product, Sink};
use super::super::packed::Packing;
use super::super::register::Register;

/// An instruction set at compile time: its registers, and matrix products on them.
///
/// The products are not inlined: some need more instructions than the kernel that calls them.
pub(in super::super) trait Isa {
    /// A vector register.
    type Register: Register;
    /// The packing of weights for [`product`](Self::product) and
    /// [`product_of_small_bytes`](Self::product_of_small_bytes).
    const PACKING: Packing = Packing { width: Self::Register::WIDTH, panel: Self::Register::PANEL, rows: 1 };
    /// The packing of weights for the other products.
    const LOW_PACKING: Packing = Self::PACKING;

    /// A [`gemm::product`](super::super::gemm::product) of floats.
    ///
    /// # Safety
    /// The CPU must have the instruction set, here and below.
    unsafe fn product(product: Product<'_>, fetch: &mut impl Fetch, sink: &mut impl Sink);

    /// Computes a product of bytes.
    ///
    /// # Safety
    /// The CPU must also have what [`InstructionSet::is_supported_in`](super::super::InstructionSet::is_supported_in) int8
    /// asks for.
    unsafe fn product_of_bytes(product: Product<'_>, fetch: &mut impl Fetch, sink: &mut impl Sink);

    /// Computes a product of bytes whose weights are small.
    ///
    /// # Safety
    /// As for [`product_of_bytes`](Self::product_of_bytes).
    unsafe fn product_of_small_bytes(product: Product<'_>, fetch: &mut impl Fetch, sink: &mut impl Sink);

    /// Computes a product of bf16.
    ///
    /// # Safety
    /// The CPU must also have an instruction for it.
    unsafe fn product_of_bf16s(_product: Product<'_>, _fetch: &mut impl Fetch, _sink: &mut impl Sink) {
        unreachable!("this instruction set does not multiply bf16")
    }

    /// Computes a product of f32 that are split into high and low parts of bf16.
    ///
    /// # Safety
    /// As for [`product_of_bf16s`](Self::product_of_bf16s).
    unsafe fn product_of_split_bf16s(_product: Product<'_>, _fetch: &mut impl Fetch, _sink: &mut impl Sink) {
        unreachable!("this instruction set does not multiply bf16")
    }
}
