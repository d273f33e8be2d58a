//! Lists the devices of this machine.

use super::adapter::{Adapter, first_real};
use super::choice::Choice;
#[cfg(feature = "cuda")]
use super::cuda;
#[cfg(feature = "wgpu")]
use super::gpu;
#[cfg(all(feature = "wgpu", target_os = "linux"))]
use super::nodes;

/// All adapters of this machine, best first; none in a build without GPU support. The search takes a moment.
#[must_use]
pub fn adapters() -> Vec<Adapter> {
    #[cfg(feature = "wgpu")]
    return gpu::adapters();
    #[cfg(not(feature = "wgpu"))]
    Vec::new()
}

/// All NVIDIA GPUs that CUDA finds; none in a build without CUDA or on a machine without its driver. The search opens
/// each GPU.
#[must_use]
pub fn cuda_devices() -> Vec<Adapter> {
    #[cfg(feature = "cuda")]
    return cuda::adapters();
    #[cfg(not(feature = "cuda"))]
    Vec::new()
}

/// Whether all chosen devices support f16.
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

/// The graphics interfaces that this build searches for adapters.
#[must_use]
pub fn interfaces() -> Vec<&'static str> {
    #[cfg(feature = "wgpu")]
    return gpu::INTERFACES.iter().map(|(name, _)| *name).collect();
    #[cfg(not(feature = "wgpu"))]
    Vec::new()
}

/// The choice that `auto` stands for on a machine with these adapters.
#[must_use]
pub fn automatic(adapters: &[Adapter]) -> Choice {
    let first = first_real(adapters).filter(|_| may_have_gpu());
    first.map_or(Choice::Cpu, |adapter| Choice::Gpus(vec![adapter.number]))
}

/// Whether it makes sense for `auto` to look for GPUs.
pub(super) fn may_have_gpu() -> bool {
    #[cfg(all(feature = "wgpu", target_os = "linux"))]
    return nodes::show_gpu(std::path::Path::new("/dev"));
    #[cfg(not(all(feature = "wgpu", target_os = "linux")))]
    cfg!(feature = "wgpu")
}
