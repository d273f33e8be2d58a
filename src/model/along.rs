//! The family `along`, which makes calls along the read: every nine bases, one score for "no gene" and one for each of
//! six frames. The format of its checkpoints is in `workflows/training/ALONG.md`.

mod config;
mod decoder;
mod family;
mod kernels;
#[cfg(feature = "train")]
mod learning;
mod network;
mod tensors;
mod windows;

pub(super) use self::config::MODEL_TYPE;
pub(super) use self::family::Along;
#[cfg(test)] // our own kernels are tested against burn
pub(super) use self::{config::AlongConfig, network::AlongNetwork};
