//! Errors of models: what is wrong, with which model or device.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::device::{DeviceError, GpuPath};
use super::fetch_error::FetchError;
use super::load_error::LoadError;
use super::precision::Precision;

/// `Result` with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a model cannot run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The model is missing or cannot be run.
    #[error("cannot load the model {}", .model.display())]
    Load {
        /// The checkpoint directory, or `builtin`.
        model: PathBuf,
        /// The cause.
        #[source]
        problem: LoadError,
    },
    /// The model cannot be downloaded.
    #[error("cannot download the model {model}")]
    Fetch {
        /// The name of the model.
        model: String,
        /// The cause.
        #[source]
        problem: FetchError,
    },
    /// The directory for a converted, downloaded or trained model exists already.
    #[error("{} exists", .0.display())]
    Exists(PathBuf),
    /// A converted, downloaded or trained model cannot be written.
    #[error("cannot write {}", .path.display())]
    Write {
        /// The directory.
        path: PathBuf,
        /// The error of the system.
        #[source]
        source: io::Error,
    },
    /// There is no usable device, or the device failed.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// A GPU failed the check: the program should be started anew with another path on it.
    #[error("{problem}")]
    Again {
        /// The path to try.
        next: GpuPath,
        /// What is wrong with the current path.
        problem: DeviceError,
    },
    /// A probability is not finite, although those of the reads that were checked first were.
    #[error("the model overflows: the probability of a read is not a number")]
    NotFinite,
    /// Models of this family are not trained from random weights.
    #[error("{model} cannot be trained from random weights: {reason}")]
    NoScratch {
        /// The model's name.
        model: String,
        /// The reason, for people.
        reason: &'static str,
    },
    /// The loss of a training became infinite or NaN.
    #[error("the loss is not a number any more: the training has diverged; try a lower learning rate")]
    Diverged,
    /// The model does not run in this precision on this device.
    #[error("precision {} needs {needs}", .precision.name())]
    Precision {
        /// The precision that was asked for.
        precision: Precision,
        /// What this precision needs.
        needs: Needs,
    },
}

/// What a precision needs to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Needs {
    /// A GPU, but the model was to run on the CPU.
    Gpu,
    /// The CPU, but the model was to run on a GPU.
    Cpu,
    /// Our own kernels, but the model was to run on burn.
    OwnKernels,
    /// Another network; says what this one lacks, for people.
    Network(&'static str),
}

impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gpu => "a GPU",
            Self::Cpu => "the CPU",
            Self::OwnKernels => "the program's own kernels",
            Self::Network(what) => what,
        })
    }
}
