//! The description of a model in reports.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// The description of the model that ran, for reports.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// The model's name: `readseeker-compact-1`, or that of the checkpoint directory.
    pub name: String,
    /// The family: `compact`, `along` or `bert`; `none` for a run without a model.
    pub kind: Cow<'static, str>,
    /// SHA-256 of the weights file, in hex.
    pub sha256: String,
    /// `published` or `masked`; `None` for a model without attention.
    pub attention: Option<Cow<'static, str>>,
    /// `f32`, `bf16`, `int8` or `f16`.
    pub precision: Cow<'static, str>,
    /// The number of trained parameters.
    pub parameters: usize,
    /// The name of the device for people: `CPU (2 threads, AVX-512)`, `NVIDIA A40`.
    #[serde(skip)]
    pub device: String,
    /// The software that drives the device: `cpu` (our own kernels), `flex` (burn), `wgpu (Vulkan)`, `cuda`.
    #[serde(skip)]
    pub backend: String,
}
