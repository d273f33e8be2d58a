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

/// CPU features and GPU adapters of this machine, and what `auto` would take, for people.
#[must_use]
pub fn describe() -> String {
    todo!()
}

impl std::str::FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "auto" => Ok(Self::Auto),
            None if text == "cpu" => Ok(Self::Cpu),
            None if text == "gpu" => Ok(Self::Gpu),
            Some(("gpu", number)) => number.parse().map(Self::GpuNumber).map_err(|_| "no such number".into()),
            _ => Err("auto, cpu, gpu or gpu:N".into()),
        }
    }
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
