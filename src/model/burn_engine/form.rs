//! The number format a network computes in on burn: f32, or f16 where the device supports it and the user asks for it.

use burn::tensor::{FloatDType, Tensor};

/// The number format of a network, and how its attention runs.
#[derive(Clone, Copy, Debug)]
pub(in crate::model) struct Form {
    /// The format in which nearly everything is multiplied; each family documents its exceptions.
    pub(in crate::model) numbers: FloatDType,
    /// Whether a BERT's attention runs as burn's fused operation.
    pub(in crate::model) fused: bool,
}

impl Form {
    /// Everything in f32, attention included.
    pub(in crate::model) const EXACT: Self = Self { numbers: FloatDType::F32, fused: false };

    /// Casts to the format for multiplication.
    pub(in crate::model) fn low<const D: usize>(self, x: Tensor<D>) -> Tensor<D> {
        cast(x, self.numbers)
    }
}

/// Casts to f32, in which normalisation and sums over many numbers are always computed.
pub(in crate::model) fn high<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    cast(x, FloatDType::F32)
}

/// Casts a tensor, unless it has this format already: each step over a tensor costs time.
fn cast<const D: usize>(x: Tensor<D>, numbers: FloatDType) -> Tensor<D> {
    if x.dtype() == numbers.into() { x } else { x.cast(numbers) }
}
