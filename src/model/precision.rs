//! The number format a model multiplies in.

/// The number format a model multiplies in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// Single precision, as the weights are stored.
    #[default]
    F32,
    /// bfloat16, eight bits of precision, for the linear layers of a BERT on the CPU.
    Bf16,
    /// Eight-bit integers, on the CPU: the linear layers of a BERT, scaled by weight column and by input row; the first
    /// convolution after the stem of a compact model, its inputs scaled by channel, and the stem's sums in sixteen bits.
    Int8,
    /// Half precision, eleven bits, on a GPU that supports it: the linear layers of a BERT, the embeddings and convolutions
    /// of a compact model.
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
