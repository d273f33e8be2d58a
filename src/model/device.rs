//! `--device` -> a ready device, or an error that lists what was found.

/// What the user asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// The first real GPU, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The first real GPU.
    Gpu,
    /// The N-th adapter as `readseeker device` numbers them, a software one too.
    GpuNumber(usize),
}

/// Why no device is ready.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// No GPU where one was asked for.
    #[error("no GPU found (looked for {looked_for})")]
    NoGpu {
        /// The graphics interfaces looked at.
        looked_for: String,
    },
}

impl Problem {
    /// What the user can do about it, when we know.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some("run on the CPU with --device cpu".to_owned())
    }
}
