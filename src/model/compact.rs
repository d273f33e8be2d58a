//! The family `compact`: one small convolutional network for all six reading frames. One of its models is embedded in
//! the program.

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
