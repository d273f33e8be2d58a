//! GPUs through wgpu: lists and initialises them. Nothing here panics on a machine without graphics libraries.

use std::future::Future;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use burn::tensor::wgpu::WgpuBackend;
use burn::tensor::wgpu::wgpu::{Backend, DeviceType, Features, Instance, InstanceDescriptor};
use burn::tensor::{Device, DeviceKind};

use super::adapter::{Adapter, Gpu, Kind, first_real};
use super::error::DeviceError;

/// The graphics interfaces that are searched, in this order.
#[cfg(target_os = "macos")]
pub(super) const INTERFACES: &[(&str, Interface)] =
    &[("Metal", Interface { api: WgpuBackend::Metal, at: Backend::Metal })];
/// The graphics interfaces that are searched, in this order.
#[cfg(not(target_os = "macos"))]
pub(super) const INTERFACES: &[(&str, Interface)] = &[
    ("Vulkan", Interface { api: WgpuBackend::Vulkan, at: Backend::Vulkan }),
    #[cfg(windows)]
    ("DX12", Interface { api: WgpuBackend::Dx12, at: Backend::Dx12 }),
];

/// A graphics interface, as burn and as wgpu identify it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interface {
    api: WgpuBackend,
    at: Backend,
}

/// An adapter, and how burn selects it.
struct Found {
    adapter: Adapter,
    interface: Interface,
    device_kind: DeviceKind,
}

/// The devices initialised so far: burn initialises each adapter once per process.
static READY: Mutex<Vec<(usize, Device)>> = Mutex::new(Vec::new());

pub(super) fn adapters() -> Vec<Adapter> {
    look().into_iter().map(|found| found.adapter).collect()
}

/// Initialises the first real GPU, or adapter `number`.
pub(super) fn ready(number: Option<usize>) -> Result<Gpu, DeviceError> {
    let mut found = look();
    let adapters: Vec<_> = found.iter().map(|found| found.adapter.clone()).collect();
    let number = match number {
        None => {
            let Some(adapter) = first_real(&adapters) else {
                let looked_for = INTERFACES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
                return Err(DeviceError::NoGpu { looked_for, software: adapters });
            };
            adapter.number
        }
        Some(number) if number < found.len() => number,
        Some(number) => return Err(DeviceError::NoSuchGpu { number, found: adapters }),
    };
    let Found { adapter, interface, device_kind } = found.swap_remove(number);
    let mut all = READY.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, device)) = all.iter().find(|(known, _)| *known == number) {
        return Ok(Gpu { device: device.clone(), adapter });
    }
    let device = Device::wgpu_options()
        .device_kind(device_kind)
        .graphics_api(interface.api)
        .init()
        .map_err(|source| DeviceError::Unusable { name: adapter.name.clone(), source: Box::new(source) })?;
    all.push((number, device.clone()));
    Ok(Gpu { device, adapter })
}

/// Lists all adapters, best kind first and otherwise in the order of the interfaces.
fn look() -> Vec<Found> {
    let mut all = Vec::new();
    for &(name, interface) in INTERFACES {
        let descriptor =
            InstanceDescriptor { backends: interface.at.into(), ..InstanceDescriptor::new_without_display_handle() };
        let listed = now(Instance::new(descriptor).enumerate_adapters(interface.at.into()));
        let mut counts = [0; 3]; // burn counts each kind apart
        for listed in listed.unwrap_or_default() {
            let (info, f16) = (listed.get_info(), listed.features().contains(Features::SHADER_F16));
            let mut next = |kind: usize| {
                counts[kind] += 1;
                counts[kind] - 1
            };
            let (kind, device_kind) = match info.device_type {
                DeviceType::DiscreteGpu => (Kind::Discrete, DeviceKind::DiscreteGpu(next(0))),
                DeviceType::IntegratedGpu => (Kind::Integrated, DeviceKind::IntegratedGpu(next(1))),
                DeviceType::VirtualGpu => (Kind::Virtual, DeviceKind::VirtualGpu(next(2))),
                DeviceType::Cpu => (Kind::Software, DeviceKind::Cpu),
                DeviceType::Other => continue, // burn has no way to name it
            };
            let software = ["llvmpipe", "SwiftShader", "Basic Render"].iter().any(|known| info.name.contains(known));
            let kind = if software { Kind::Software } else { kind };
            let driver = [info.driver, info.driver_info].join(" ").trim().to_owned();
            let adapter = Adapter { number: 0, name: info.name, kind, interface: name, driver, f16 };
            all.push(Found { adapter, interface, device_kind });
        }
    }
    all.sort_by_key(|found| found.adapter.kind);
    for (number, found) in all.iter_mut().enumerate() {
        found.adapter.number = number;
    }
    all
}

/// The output of a future that is ready at once, as those of wgpu are outside of browsers.
fn now<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => Some(outcome),
        Poll::Pending => None,
    }
}
