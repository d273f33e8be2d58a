//! Matrix products on tiles: AMX, the matrix units of Intel's server CPUs since Sapphire Rapids (2023).
//!
//! A tile has up to sixteen rows of 64 bytes. One instruction multiplies two tiles and adds the products to a third.
//! `product` divides a matrix product into blocks of two by two tiles of sums. A [`TileUnit`] computes a block: [`Amx`]
//! on the CPU, [`Model`] in plain Rust. The model does what the instructions do, so that everything but the assembly is
//! tested on any CPU, and the assembly is compared with the model on CPUs with AMX.

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod amx;
#[cfg(test)]
mod model;
mod product;
mod unit;

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub(super) use self::amx::{Amx, is_available};
#[cfg(test)]
pub(super) use self::model::Model;
#[cfg(test)]
pub(super) use self::product::WORDS_AT_ONCE;
pub(super) use self::product::product;
pub(super) use self::unit::{Numbers, PACKING};
