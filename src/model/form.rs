//! In what form a network computes on burn: f32, or f16 where a device has it and the user asks for it.

use burn::tensor::{FloatDType, Tensor};

/// How a network computes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    /// What nearly all is multiplied in; each family says what it leaves out.
    pub(super) numbers: FloatDType,
    /// Whether a BERT's attention is burn's operation.
    pub(super) fused: bool,
}

impl Form {
    /// All of it in f32, attention too.
    pub(super) const EXACT: Self = Self { numbers: FloatDType::F32, fused: false };

    /// In the numbers that are multiplied.
    pub(super) fn low<const D: usize>(self, x: Tensor<D>) -> Tensor<D> {
        cast(x, self.numbers)
    }
}

/// In f32, as sums over many numbers and normalisation are in every form.
pub(super) fn high<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    cast(x, FloatDType::F32)
}

/// No step over a tensor that is in these numbers already.
fn cast<const D: usize>(x: Tensor<D>, numbers: FloatDType) -> Tensor<D> {
    if x.dtype() == numbers.into() { x } else { x.cast(numbers) }
}
