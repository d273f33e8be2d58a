//! The devices that a model runs on: which exist, which a user may choose, and how one is initialised.

pub(super) use self::adapter::Gpu;
pub use self::adapter::{Adapter, Kind, first_real};
pub use self::choice::{Choice, InvalidChoice};
pub use self::error::DeviceError;
pub use self::gpu_path::GpuPath;
pub use self::list::{adapters, automatic, cuda_devices, has_f16, interfaces};
pub(super) use self::processor::{cpu, cpu_name_with};
pub use self::processor::{cpu_features, cpu_name};
pub(super) use self::ready::{Ready, ready};

mod adapter;
mod choice;
#[cfg(feature = "cuda")]
mod cuda;
mod error;
#[cfg(feature = "wgpu")]
mod gpu;
mod gpu_path;
mod list;
#[cfg(all(feature = "wgpu", target_os = "linux"))]
mod nodes;
mod processor;
mod ready;
