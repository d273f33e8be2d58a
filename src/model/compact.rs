//! The compact family: six reading frames through one small convolutional network.

pub mod config;
pub mod windows;
