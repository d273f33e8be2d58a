//! Why a model cannot run: what is wrong, and with which model or device.

use std::path::PathBuf;

use super::{Precision, Problem, device};

/// `Result` with a model's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a model cannot run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The model is missing or not one we can run.
    #[error("cannot load the model {}", .model.display())]
    Load {
        /// The checkpoint directory, or `builtin`.
        model: PathBuf,
        /// What is wrong.
        #[source]
        problem: Problem,
    },
    /// No usable device, or one that gave up.
    #[error(transparent)]
    Device(#[from] device::Problem),
    /// What would run the model cannot multiply in that precision.
    #[error("precision {} {why}", .precision.name())]
    Precision {
        /// What was asked for.
        precision: Precision,
        /// Why not, as the end of a sentence.
        why: &'static str,
    },
}
