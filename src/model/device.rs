//! `--device` -> a ready device, or an error that lists what was found.

use std::fmt;
use std::str::FromStr;

use burn::tensor::Device;

#[cfg(feature = "cuda")]
mod cuda;
#[cfg(feature = "wgpu")]
mod gpu;
#[cfg(all(feature = "wgpu", target_os = "linux"))]
mod nodes;

/// What the user asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// The first real GPU, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The first real GPU.
    Gpu,
    /// These adapters as `readseeker device` numbers them, software ones too. One that is named twice is used as two.
    Gpus(Vec<usize>),
    /// These devices as CUDA numbers them, in a build with CUDA.
    Cudas(Vec<usize>),
}

/// A `--device` that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no device: auto, cpu, gpu, gpu:N or gpu:N,gpu:M; cuda, cuda:N or cuda:N,cuda:M")]
pub struct NoSuchChoice(String);

impl FromStr for Choice {
    type Err = NoSuchChoice;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "gpu" => Ok(Self::Gpu),
            "cuda" => Ok(Self::Cudas(vec![0])),
            _ => {
                let numbers = |prefix: &str| -> Option<Vec<usize>> {
                    text.split(',').map(|name| name.strip_prefix(prefix)?.parse().ok()).collect()
                };
                let gpus = numbers("gpu:").map(Self::Gpus).or_else(|| numbers("cuda:").map(Self::Cudas));
                gpus.ok_or_else(|| NoSuchChoice(text.to_owned()))
            }
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (prefix, numbers) = match self {
            Self::Auto => return f.write_str("auto"),
            Self::Cpu => return f.write_str("cpu"),
            Self::Gpu => return f.write_str("gpu"),
            Self::Gpus(numbers) => ("gpu", numbers),
            Self::Cudas(numbers) => ("cuda", numbers),
        };
        let names: Vec<String> = numbers.iter().map(|number| format!("{prefix}:{number}")).collect();
        f.write_str(&names.join(","))
    }
}

/// A graphics adapter of this machine.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Adapter {
    /// The N of `gpu:N` or `cuda:N`.
    pub number: usize,
    /// `NVIDIA A40`.
    pub name: String,
    /// What sort of thing it is.
    pub kind: Kind,
    /// The interface it is reached through: `Vulkan`, `Metal`, `DX12`, `CUDA`.
    pub interface: &'static str,
    /// Its driver, as it names itself.
    pub driver: String,
    /// Whether it computes in f16.
    pub f16: bool,
}

/// How [`Adapter::interface`] names CUDA.
const CUDA: &str = "CUDA";

impl Adapter {
    /// What drives it, as reports say it.
    pub(super) fn backend(&self) -> String {
        if self.interface == CUDA { "cuda".to_owned() } else { format!("wgpu ({})", self.interface) }
    }

    /// Whether this build can use its matrix units, if it has any: WGSL has no words for them.
    pub(super) fn reaches_matrix_units(&self) -> bool {
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

/// What sort of thing an adapter is, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A card of its own.
    Discrete,
    /// A part of the processor.
    Integrated,
    /// Passed through to a virtual machine.
    Virtual,
    /// No GPU: a program that does a GPU's work on the CPU (`llvmpipe`, `SwiftShader`, `WARP`). Never taken unless named.
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

/// All adapters of this machine, best first; none in a build without GPUs. Looking takes a moment.
#[must_use]
pub fn adapters() -> Vec<Adapter> {
    #[cfg(feature = "wgpu")]
    return gpu::adapters();
    #[cfg(not(feature = "wgpu"))]
    Vec::new()
}

/// All NVIDIA GPUs that CUDA finds; none in a build without CUDA or on a machine without its driver. It opens each.
#[must_use]
pub fn cuda_devices() -> Vec<Adapter> {
    #[cfg(feature = "cuda")]
    return cuda::adapters();
    #[cfg(not(feature = "cuda"))]
    Vec::new()
}

/// Whether all that a choice names compute in f16.
#[must_use]
pub fn has_f16(choice: &Choice) -> bool {
    let all = |numbers: &[usize], found: &[Adapter]| {
        numbers.iter().all(|&number| found.get(number).is_some_and(|adapter| adapter.f16))
    };
    match choice {
        Choice::Auto | Choice::Cpu => false,
        Choice::Gpu => first_real(&adapters()).is_some_and(|adapter| adapter.f16),
        Choice::Gpus(numbers) => all(numbers, &adapters()),
        Choice::Cudas(numbers) => all(numbers, &cuda_devices()),
    }
}

/// The adapter that `auto` and `gpu` take: the first real GPU.
#[must_use]
pub fn first_real(adapters: &[Adapter]) -> Option<&Adapter> {
    adapters.iter().find(|adapter| adapter.kind != Kind::Software)
}

/// The graphics interfaces this build looks at.
#[must_use]
pub fn interfaces() -> Vec<&'static str> {
    #[cfg(feature = "wgpu")]
    return gpu::INTERFACES.iter().map(|(name, _)| *name).collect();
    #[cfg(not(feature = "wgpu"))]
    Vec::new()
}

/// What the CPU can do that matters to us, in the order of their age.
#[must_use]
pub fn cpu_features() -> Vec<&'static str> {
    #[cfg(target_arch = "x86_64")]
    let found = [
        ("SSE4.2", is_x86_feature_detected!("sse4.2")),
        ("AVX2", is_x86_feature_detected!("avx2")),
        ("FMA", is_x86_feature_detected!("fma")),
        ("AVX-512", is_x86_feature_detected!("avx512f")),
        ("AVX-512 VNNI", is_x86_feature_detected!("avx512vnni")),
        ("AVX-512 BF16", is_x86_feature_detected!("avx512bf16")),
    ];
    #[cfg(target_arch = "aarch64")]
    let found = [("NEON", true)];
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let found: [(&str, bool); 0] = [];
    found.into_iter().filter_map(|(name, has)| has.then_some(name)).collect()
}

/// The CPU as reports name it: `CPU (2 threads, AVX-512)`.
#[must_use]
pub fn cpu_name(threads: usize) -> String {
    let widest = cpu_features().into_iter().rfind(|feature| ["SSE4.2", "AVX2", "AVX-512", "NEON"].contains(feature));
    cpu_name_with(threads, widest.unwrap_or("plain"))
}

/// The CPU as reports name it, where we know which instructions are used.
pub(super) fn cpu_name_with(threads: usize, instructions: &str) -> String {
    format!("CPU ({threads} thread{}, {instructions})", if threads == 1 { "" } else { "s" })
}

/// CPU features and GPU adapters of this machine, and what `auto` would take, for people.
#[must_use]
pub fn describe() -> String {
    let mut lines = vec![format!("CPU     {}", cpu_features().join(", "))];
    let interfaces = interfaces();
    let adapters = adapters();
    lines.extend(adapters.iter().chain(&cuda_devices()).map(ToString::to_string));
    if interfaces.is_empty() {
        lines.push("no GPUs: this build runs on the CPU only".to_owned());
    } else if adapters.is_empty() {
        lines.push(format!("no GPUs (looked for {})", interfaces.join(", ")));
    }
    let auto = first_real(&adapters)
        .filter(|_| may_have_gpu())
        .map_or("cpu".to_owned(), |adapter| format!("gpu:{}", adapter.number));
    lines.push(format!("--device auto takes {auto}"));
    lines.join("\n") + "\n"
}

/// Where tensors go.
#[derive(Debug)]
pub(super) enum Ready {
    /// The CPU, and why `auto` took it although there is a GPU.
    Cpu { note: Option<String> },
    /// One or more adapters.
    Gpus(Vec<Gpu>),
}

/// burn's device on the CPU.
pub(super) fn cpu() -> Device {
    Device::flex()
}

/// An adapter made ready.
#[derive(Clone, Debug)]
pub(super) struct Gpu {
    pub(super) device: Device,
    pub(super) adapter: Adapter,
}

/// Makes the chosen devices ready.
pub(super) fn ready(choice: &Choice) -> Result<Ready, Problem> {
    match choice {
        Choice::Cpu => Ok(Ready::Cpu { note: None }),
        Choice::Auto if !may_have_gpu() => Ok(Ready::Cpu { note: None }),
        Choice::Auto => match gpu(None) {
            Ok(gpu) => Ok(Ready::Gpus(vec![gpu])),
            Err(Problem::NoGpu { .. } | Problem::NotBuilt) => Ok(Ready::Cpu { note: None }),
            Err(problem) => Ok(Ready::Cpu { note: Some(format!("{}; running on the CPU instead", chain(&problem))) }),
        },
        Choice::Gpu => Ok(Ready::Gpus(vec![gpu(None)?])),
        Choice::Gpus(numbers) => {
            let gpus: Result<_, _> = numbers.iter().map(|&number| gpu(Some(number))).collect();
            gpus.map(Ready::Gpus)
        }
        Choice::Cudas(numbers) => {
            let gpus: Result<_, _> = numbers.iter().map(|&number| cuda(number)).collect();
            gpus.map(Ready::Gpus)
        }
    }
}

/// Whether `auto` has a reason to look for GPUs.
fn may_have_gpu() -> bool {
    #[cfg(all(feature = "wgpu", target_os = "linux"))]
    return nodes::show_gpu(std::path::Path::new("/dev"));
    #[cfg(not(all(feature = "wgpu", target_os = "linux")))]
    cfg!(feature = "wgpu")
}

#[cfg(feature = "cuda")]
fn cuda(number: usize) -> Result<Gpu, Problem> {
    cuda::ready(number)
}

#[cfg(not(feature = "cuda"))]
fn cuda(_number: usize) -> Result<Gpu, Problem> {
    Err(Problem::NoCuda)
}

#[cfg(feature = "wgpu")]
fn gpu(number: Option<usize>) -> Result<Gpu, Problem> {
    gpu::ready(number)
}

#[cfg(not(feature = "wgpu"))]
fn gpu(_number: Option<usize>) -> Result<Gpu, Problem> {
    Err(Problem::NotBuilt)
}

fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        None => error.to_string(),
        Some(source) => format!("{error}: {}", chain(source)),
    }
}

/// Why no device is ready.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// This program was built without GPUs.
    #[error("this build of readseeker runs on the CPU only")]
    NotBuilt,
    /// This program was built without CUDA.
    #[error("this build of readseeker has no CUDA")]
    NoCuda,
    /// There is no CUDA device of this number.
    #[error("there is no cuda:{number} (found {found} CUDA devices; no NVIDIA driver finds none)")]
    NoSuchCuda {
        /// The number.
        number: usize,
        /// How many there are.
        found: usize,
    },
    /// f16 was asked for.
    #[error("{name} does not compute in f16")]
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
    /// The threads for the CPU cannot be started.
    #[error("cannot start {threads} threads")]
    Threads {
        /// How many.
        threads: usize,
        /// Why.
        #[source]
        source: rayon::ThreadPoolBuildError,
    },
}

impl Problem {
    /// What the user can do about it, when we know.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotBuilt => "run with --device cpu, or build with the feature `wgpu`".to_owned(),
            Self::NoGpu { software, .. } => match software.first() {
                None => "run on the CPU with --device cpu".to_owned(),
                Some(Adapter { number, .. }) => {
                    format!("run on the CPU with --device cpu; --device gpu:{number} names the software adapter")
                }
            },
            Self::NoCuda => "build with the feature `cuda`, or run with --device gpu".to_owned(),
            Self::NoF16 { .. } => "run with --precision f32; `readseeker device` says which GPUs have f16".to_owned(),
            Self::NoSuchGpu { .. } | Self::NoSuchCuda { .. } => "`readseeker device` lists what there is".to_owned(),
            Self::Unusable { .. } | Self::Failed { .. } => "run on the CPU with --device cpu".to_owned(),
            Self::Threads { .. } => "use fewer with --threads".to_owned(),
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_reads_as_it_is_written() {
        let gpus =
            [Choice::Gpus(vec![3]), Choice::Gpus(vec![1, 0, 1]), Choice::Cudas(vec![2]), Choice::Cudas(vec![0, 1])];
        for choice in [Choice::Auto, Choice::Cpu, Choice::Gpu].into_iter().chain(gpus) {
            assert_eq!(choice.to_string().parse(), Ok(choice));
        }
        assert_eq!("cuda".parse(), Ok(Choice::Cudas(vec![0])));
        for none in ["", "GPU", "gpu:", "gpu:-1", "gpu:a", "gpu:0,", "gpu:0,cpu", "CUDA", "cuda:", "cuda:0,gpu:0"] {
            assert_eq!(none.parse::<Choice>(), Err(NoSuchChoice(none.to_owned())));
        }
    }

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

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn without_cuda_a_cuda_device_is_an_error_that_says_what_to_build() {
        assert!(matches!(ready(&Choice::Cudas(vec![0])), Err(Problem::NoCuda)));
        assert!(Problem::NoCuda.hint().unwrap().contains("feature `cuda`"));
        assert!(!has_f16(&Choice::Cudas(vec![0])) && cuda_devices().is_empty());
    }

    #[cfg(not(feature = "wgpu"))]
    #[test]
    fn without_gpus_auto_is_the_cpu_and_gpu_is_an_error() {
        assert!(matches!(ready(&Choice::Auto), Ok(Ready::Cpu { note: None })));
        assert!(matches!(ready(&Choice::Gpu), Err(Problem::NotBuilt)));
        assert!(matches!(ready(&Choice::Gpus(vec![0])), Err(Problem::NotBuilt)));
    }
}
