//! The number format a model multiplies in.

use clap::ValueEnum;

/// The number format a model multiplies in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Precision {
    /// Single precision, as the weights are stored
    #[default]
    F32,
    /// A BERT on the CPU: nearly twice as fast on AMD since Zen 4 and with AMX, no faster on other Intel
    ///
    /// bfloat16, eight bits of precision, in the linear layers.
    Bf16,
    /// On the CPU: three times as fast for a BERT with AVX-512 VNNI, over twice with AMX; up to a fifth faster for compact
    ///
    /// Eight-bit integers: the linear layers of a BERT, scaled by weight column and by input row; the first convolution
    /// after the stem of a compact model, its inputs scaled by channel, and the stem's sums in sixteen bits.
    Int8,
    /// On GPUs that support it: the linear layers of a BERT, the embeddings and convolutions of the built-in model
    ///
    /// Half precision, eleven bits.
    F16,
}

impl Precision {
    /// The name on the command line and in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::Int8 => "int8",
            Self::F16 => "f16",
        }
    }
}
