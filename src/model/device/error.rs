//! Why there is no usable device.

use std::fmt;
use std::num::NonZero;

use super::adapter::Adapter;
use super::gpu_path::GpuPath;

/// Why there is no usable device.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// This program was built without GPUs.
    #[error("this build of readseeker runs on the CPU only")]
    NotBuilt,
    /// This program was built without CUDA.
    #[error("this build of readseeker has no CUDA")]
    NoCuda,
    /// There is no CUDA device of this number.
    #[error("there is no cuda:{number} (CUDA devices found: {found}; without an NVIDIA driver there are none)")]
    NoSuchCuda {
        /// The number.
        number: usize,
        /// How many there are.
        found: usize,
    },
    /// f16 was asked for.
    #[error("{name} does not support f16")]
    NoF16 {
        /// The adapter's name.
        name: String,
    },
    /// No GPU where one was asked for.
    #[error("no GPU found (looked for {looked_for}{})", Software(.software))]
    NoGpu {
        /// The graphics interfaces looked at.
        looked_for: String,
        /// The software adapters there are instead.
        software: Vec<Adapter>,
    },
    /// There is no adapter of this number.
    #[error("there is no gpu:{number} ({})", Found(.found))]
    NoSuchGpu {
        /// The number.
        number: usize,
        /// All adapters there are.
        found: Vec<Adapter>,
    },
    /// The adapter is there but cannot be used.
    #[error("cannot use {name}")]
    Unusable {
        /// The adapter's name.
        name: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The device failed while it ran, even with a single read in a batch.
    #[error("{device} failed: {reason}")]
    Failed {
        /// The device's name.
        device: String,
        /// What it said.
        reason: String,
    },
    /// The device computes something else than the CPU.
    #[error(
        "{device} and a plain path on the CPU disagree{}: logits differ by {largest:.1e}, and rounding explains {bound:.1e}",
        .path.does_without().map(|note| format!(", also {note}")).unwrap_or_default()
    )]
    Drift {
        /// The device's name, and its driver's.
        device: String,
        /// How it was used.
        path: GpuPath,
        /// The largest difference.
        largest: f32,
        /// The largest that rounding explains.
        bound: f32,
    },
    /// The threads for the CPU cannot be started.
    #[error("cannot start {threads} threads")]
    Threads {
        /// How many.
        threads: NonZero<usize>,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl DeviceError {
    /// The device of this name failed.
    pub(in crate::model) fn failed(device: &str, reason: String) -> Self {
        Self::Failed { device: device.to_owned(), reason }
    }
}

/// `; found only llvmpipe, a software adapter`, or nothing.
struct Software<'a>(&'a [Adapter]);

impl fmt::Display for Software<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.first() {
            None => Ok(()),
            Some(adapter) => write!(f, "; found only {}, a software adapter", adapter.name),
        }
    }
}

/// `found gpu:0 NVIDIA A40, gpu:1 llvmpipe`.
struct Found<'a>(&'a [Adapter]);

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("found none");
        }
        f.write_str("found ")?;
        for (place, Adapter { number, name, .. }) in self.0.iter().enumerate() {
            write!(f, "{}gpu:{number} {name}", if place == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}
