//! The family `bert`: BERT for sequence classification, as in DNABERT and `ReadSeeker`.

mod config;
mod family;
mod kernels;
mod layer;
#[cfg(feature = "train")]
mod learning;
mod network;
mod vocabulary;

#[cfg(test)] // our own kernels are tested against burn
pub(super) use self::config::BertConfig;
pub(super) use self::config::MODEL_TYPE;
pub(super) use self::family::Bert;
#[cfg(test)]
pub(super) use self::family::prediction;
#[cfg(test)]
pub(super) use self::network::BertNetwork;
