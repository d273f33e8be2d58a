//! A graphics adapter: its name, its kind, and its features.

use std::fmt;

use burn::tensor::Device;

/// A graphics adapter of this machine.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Adapter {
    /// The N of `gpu:N` or `cuda:N`.
    pub number: usize,
    /// The name of the adapter: `NVIDIA A40`.
    pub name: String,
    /// What kind of adapter it is.
    pub kind: Kind,
    /// The interface through which it is used: `Vulkan`, `Metal`, `DX12`, `CUDA`.
    pub interface: &'static str,
    /// The name of its driver.
    pub driver: String,
    /// Whether it supports f16.
    pub f16: bool,
}

/// The name of CUDA in [`Adapter::interface`].
pub(super) const CUDA: &str = "CUDA";

impl Adapter {
    /// The name of the interface in reports.
    pub(in crate::model) fn backend(&self) -> String {
        if self.interface == CUDA { "cuda".to_owned() } else { format!("wgpu ({})", self.interface) }
    }

    /// The adapter's name with the interface and the driver.
    pub(in crate::model) fn in_full(&self) -> String {
        let driver = if self.driver.is_empty() { String::new() } else { format!(", {}", self.driver) };
        format!("{} ({}{driver})", self.name, self.interface)
    }

    /// Whether this build can use its matrix units, if it has any: WGSL has no instructions for them.
    pub(in crate::model) fn reaches_matrix_units(&self) -> bool {
        self.interface == CUDA || cfg!(feature = "vulkan") && self.interface == "Vulkan"
    }
}

impl fmt::Display for Adapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, name, kind, interface, driver, f16 } = self;
        let prefix = if *interface == CUDA { "cuda" } else { "gpu" };
        let driver = if driver.is_empty() { String::new() } else { format!(", {driver}") };
        write!(f, "{:<7} {name} ({kind}, {interface}{driver})", format!("{prefix}:{number}"))?;
        f.write_str(if *f16 { ", f16" } else { "" })
    }
}

/// The kinds of adapters, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A separate card.
    Discrete,
    /// Part of the processor.
    Integrated,
    /// Passed through to a virtual machine.
    Virtual,
    /// A program that emulates a GPU on the CPU (`llvmpipe`, `SwiftShader`, `WARP`). Used only if named.
    Software,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Discrete => "discrete",
            Self::Integrated => "integrated",
            Self::Virtual => "virtual",
            Self::Software => "software",
        })
    }
}

/// The adapter that `auto` and `gpu` choose: the first real GPU.
#[must_use]
pub fn first_real(adapters: &[Adapter]) -> Option<&Adapter> {
    adapters.iter().find(|adapter| adapter.kind != Kind::Software)
}

/// An adapter that has been initialised.
#[derive(Clone, Debug)]
pub(in crate::model) struct Gpu {
    pub(in crate::model) device: Device,
    pub(in crate::model) adapter: Adapter,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_software_adapter_is_no_gpu() {
        let adapter = |number, kind| Adapter { kind, ..adapter(number, "Vulkan") };
        assert_eq!(first_real(&[adapter(0, Kind::Software)]), None);
        let both = [adapter(0, Kind::Software), adapter(1, Kind::Integrated)];
        assert_eq!(first_real(&both), Some(&both[1]));
    }

    fn adapter(number: usize, interface: &'static str) -> Adapter {
        Adapter {
            number,
            name: "A40".to_owned(),
            kind: Kind::Discrete,
            interface,
            driver: "D 1".to_owned(),
            f16: false,
        }
    }

    #[test]
    fn a_listed_adapter_says_its_number_and_whether_it_has_f16() {
        assert_eq!(adapter(1, "Vulkan").to_string(), "gpu:1   A40 (discrete, Vulkan, D 1)");
        let cuda = Adapter { f16: true, driver: String::new(), ..adapter(0, "CUDA") };
        assert_eq!(cuda.to_string(), "cuda:0  A40 (discrete, CUDA), f16");
        assert_eq!((adapter(0, "Vulkan").backend(), cuda.backend()), ("wgpu (Vulkan)".to_owned(), "cuda".to_owned()));
        assert!(cuda.reaches_matrix_units() && !adapter(0, "DX12").reaches_matrix_units());
    }
}
