//! NVIDIA GPUs through CUDA: lists and initialises them. Nothing here panics on a machine without the driver or its
//! compiler, NVRTC: both are looked for at run time.

use std::panic::catch_unwind;

use burn::tensor::{Device, DeviceType, FloatDType};

use super::adapter::{Adapter, CUDA, Gpu, Kind};
use super::error::DeviceError;
use crate::model::panics;

pub(super) fn adapters() -> Vec<Adapter> {
    (0..devices().len()).filter_map(|number| ready(number).ok()).map(|gpu| gpu.adapter).collect()
}

/// Initialises device `number`.
pub(super) fn ready(number: usize) -> Result<Gpu, DeviceError> {
    let devices = devices();
    let found = devices.len();
    let device = devices.into_iter().nth(number).ok_or(DeviceError::NoSuchCuda { number, found })?;
    // The first query opens the device, which panics if a library is missing or too old.
    let asked = device.clone();
    let opened = catch_unwind(move || {
        let name = asked.identity().map_or_else(|| format!("CUDA device {number}"), |identity| identity.name);
        (name, asked.supports_dtype(FloatDType::F16))
    });
    let (name, f16) = opened.map_err(|panic| DeviceError::Unusable {
        name: format!("cuda:{number}"),
        source: panics::message(panic.as_ref()).into(),
    })?;
    let adapter = Adapter { number, name, kind: Kind::Discrete, interface: CUDA, driver: String::new(), f16 };
    Ok(Gpu { device, adapter })
}

fn devices() -> Vec<Device> {
    Device::enumerate(DeviceType::Cuda).into_vec()
}
