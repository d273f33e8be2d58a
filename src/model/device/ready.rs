//! Initialises the device that a user chooses.

use super::adapter::Gpu;
use super::choice::Choice;
#[cfg(feature = "cuda")]
use super::cuda;
use super::error::DeviceError;
#[cfg(feature = "wgpu")]
use super::gpu;
use super::list::may_have_gpu;

/// An initialised device for a model.
#[derive(Debug)]
pub(in crate::model) enum Ready {
    /// The CPU, and why `auto` chose it on a machine with a GPU.
    Cpu { note: Option<String> },
    /// One or more GPUs.
    Gpus(Vec<Gpu>),
}

/// Initialises the chosen devices.
pub(in crate::model) fn ready(choice: &Choice) -> Result<Ready, DeviceError> {
    match choice {
        Choice::Cpu => Ok(Ready::Cpu { note: None }),
        Choice::Auto if !may_have_gpu() => Ok(Ready::Cpu { note: None }),
        Choice::Auto => match gpu(None) {
            Ok(gpu) => Ok(Ready::Gpus(vec![gpu])),
            Err(DeviceError::NoGpu { .. } | DeviceError::NotBuilt) => Ok(Ready::Cpu { note: None }),
            Err(error) => Ok(Ready::Cpu { note: Some(format!("{}; running on the CPU instead", chain(&error))) }),
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

#[cfg(feature = "cuda")]
fn cuda(number: usize) -> Result<Gpu, DeviceError> {
    cuda::ready(number)
}

#[cfg(not(feature = "cuda"))]
fn cuda(_number: usize) -> Result<Gpu, DeviceError> {
    Err(DeviceError::NoCuda)
}

#[cfg(feature = "wgpu")]
fn gpu(number: Option<usize>) -> Result<Gpu, DeviceError> {
    gpu::ready(number)
}

#[cfg(not(feature = "wgpu"))]
fn gpu(_number: Option<usize>) -> Result<Gpu, DeviceError> {
    Err(DeviceError::NotBuilt)
}

fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        None => error.to_string(),
        Some(source) => format!("{error}: {}", chain(source)),
    }
}

#[cfg(test)]
mod tests {
    #[cfg(not(all(feature = "wgpu", feature = "cuda")))]
    use super::*;
    #[cfg(not(feature = "cuda"))]
    use crate::model::device::list::{cuda_devices, has_f16};

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn without_cuda_a_cuda_device_is_an_error_that_says_what_to_build() {
        assert!(matches!(ready(&Choice::Cudas(vec![0])), Err(DeviceError::NoCuda)));
        assert!(!has_f16(&Choice::Cudas(vec![0])) && cuda_devices().is_empty());
    }

    #[cfg(not(feature = "wgpu"))]
    #[test]
    fn without_gpus_auto_is_the_cpu_and_gpu_is_an_error() {
        assert!(matches!(ready(&Choice::Auto), Ok(Ready::Cpu { note: None })));
        assert!(matches!(ready(&Choice::Gpu), Err(DeviceError::NotBuilt)));
        assert!(matches!(ready(&Choice::Gpus(vec![0])), Err(DeviceError::NotBuilt)));
    }
}
