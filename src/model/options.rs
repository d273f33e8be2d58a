//! Which model to load, and how to run it.

use std::num::NonZero;

use super::attention::Attention;
use super::device;
use super::precision::Precision;
use super::source::Source;

/// Which model to load, and how to run it.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which model.
    pub source: Source,
    /// How attention treats padding; a model without attention ignores it.
    pub attention: Attention,
    /// What to multiply in: bf16 and int8 run on the CPU, f16 on GPUs.
    pub precision: Precision,
    /// Which device.
    pub device: device::Choice,
    /// The largest number of rows in a GPU's batch; found by trial if absent.
    pub batch_size: Option<NonZero<usize>>,
    /// CPU threads the run may use in all.
    pub threads: NonZero<usize>,
    /// Whether a few reads are tried before the model is trusted.
    pub check: Check,
}

/// Whether a few reads are tried before a model is trusted: through the path that is to run, and through a plain one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Check {
    /// They are, and must get the same answers.
    #[default]
    Run,
    /// They are. Where a GPU's answers are wrong and there is a simpler path on it, that is [`Error::Again`](super::Error::Again).
    OrAgain,
    /// The model is trusted as it is.
    Skip,
}
