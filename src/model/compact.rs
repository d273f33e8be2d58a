//! The family `compact`: six reading frames through one small convolutional network. One of its models is part of the program.

mod config;
mod family;
mod kernels;
#[cfg(feature = "train")]
mod learning;
mod network;
mod predictions;
mod tensors;

#[cfg(test)] // our own kernels are tested against burn
pub(super) use self::config::CompactConfig;
pub(super) use self::config::MODEL_TYPE;
pub(super) use self::family::Compact;
#[cfg(test)]
pub(super) use self::network::CompactNetwork;
#[cfg(test)]
pub(super) use self::predictions::LOGITS;
