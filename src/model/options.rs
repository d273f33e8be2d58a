//! Which model to load, and how to run it.

use std::num::NonZero;

use super::attention::Attention;
use super::device;
use super::precision::Precision;
use super::source::Source;

/// Which model to load, and how to run it.
#[derive(Clone, Debug)]
pub struct Options {
    /// The model to load.
    pub source: Source,
    /// How attention treats padding; a model without attention ignores it.
    pub attention: Attention,
    /// The number format to multiply in: bf16 and int8 run on the CPU, f16 on GPUs.
    pub precision: Precision,
    /// The device to run on.
    pub device: device::Choice,
    /// The largest number of rows in a GPU's batch; found by trial if absent.
    pub batch_size: Option<NonZero<usize>>,
    /// The number of CPU threads that the run may use in total.
    pub threads: NonZero<usize>,
    /// Whether the model is checked on some reads before it is trusted.
    pub check: Check,
}

/// Whether a model is checked before it is trusted: on some reads, its answers are compared with those of a plain path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Check {
    /// Check the model; the answers must agree.
    #[default]
    Run,
    /// Check the model. If a GPU's answers are wrong and there is a simpler path on it, fail with
    /// [`Error::Again`](super::Error::Again).
    OrAgain,
    /// Trust the model without a check.
    Skip,
}
