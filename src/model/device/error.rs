//! Errors of devices.

use std::fmt;
use std::num::NonZero;

use super::adapter::Adapter;
use super::gpu_path::GpuPath;

/// Why no device is usable, or why it failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// This program was built without GPU support.
    #[error("this build of readseeker runs on the CPU only")]
    NotBuilt,
    /// This program was built without CUDA support.
    #[error("this build of readseeker has no CUDA")]
    NoCuda,
    /// There is no CUDA device with this number.
    #[error("there is no cuda:{number} (CUDA devices found: {found}; without an NVIDIA driver there are none)")]
    NoSuchCuda {
        /// The number of the device.
        number: usize,
        /// The number of CUDA devices.
        found: usize,
    },
    /// f16 was asked for, but the adapter does not support it.
    #[error("{name} does not support f16")]
    NoF16 {
        /// The adapter's name.
        name: String,
    },
    /// A GPU was asked for, but there is none.
    #[error("no GPU found (looked for {looked_for}{})", Software(.software))]
    NoGpu {
        /// The graphics interfaces that were searched.
        looked_for: String,
        /// The software adapters that were found instead.
        software: Vec<Adapter>,
    },
    /// There is no adapter with this number.
    #[error("there is no gpu:{number} ({})", Found(.found))]
    NoSuchGpu {
        /// The number of the adapter.
        number: usize,
        /// All adapters that were found.
        found: Vec<Adapter>,
    },
    /// The adapter exists but cannot be used.
    #[error("cannot use {name}")]
    Unusable {
        /// The adapter's name.
        name: String,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The device failed while it ran, even with a single read in a batch.
    #[error("{device} failed: {reason}")]
    Failed {
        /// The device's name.
        device: String,
        /// The device's error message.
        reason: String,
    },
    /// The device and the CPU compute different results.
    #[error(
        "{device} and a plain path on the CPU disagree{}: logits differ by {largest:.1e}, and rounding explains {bound:.1e}",
        .path.does_without().map(|note| format!(", also {note}")).unwrap_or_default()
    )]
    Drift {
        /// The device's name, with its driver.
        device: String,
        /// The path on which it was used.
        path: GpuPath,
        /// The largest difference between logits.
        largest: f32,
        /// The largest difference that rounding explains.
        bound: f32,
    },
    /// The CPU threads cannot be started.
    #[error("cannot start {threads} threads")]
    Threads {
        /// The number of threads.
        threads: NonZero<usize>,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl DeviceError {
    /// Creates the error that the device with this name failed.
    pub(in crate::model) fn failed(device: &str, reason: String) -> Self {
        Self::Failed { device: device.to_owned(), reason }
    }
}

/// Writes `; found only llvmpipe, a software adapter`, or nothing.
struct Software<'a>(&'a [Adapter]);

impl fmt::Display for Software<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.first() {
            None => Ok(()),
            Some(adapter) => write!(f, "; found only {}, a software adapter", adapter.name),
        }
    }
}

/// Writes `found gpu:0 NVIDIA A40, gpu:1 llvmpipe`.
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
