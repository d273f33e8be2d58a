//! The models: loaded once, they turn token ids into predictions. Only this module uses burn.
//!
//! Each family of networks is a folder (`bert`, `compact`, `along`) behind one interface, `family.rs`. `checkpoint.rs`
//! chooses the family by `config.json`. Nothing here knows what a record, a file of reads or a verdict is.

mod along;
mod attention;
pub mod bench;
mod bert;
mod builtin;
mod burn_engine;
mod calibration;
mod card;
mod check;
mod checkpoint;
mod classifier;
mod compact;
mod convert;
#[doc(hidden)] // public for the benchmarks alone
pub mod cpu;
mod cpu_engine;
mod describe;
pub mod device;
mod difference;
mod engine;
mod engines;
mod error;
mod expected;
mod family;
mod faults;
#[cfg(feature = "fetch")]
pub mod fetch;
mod fetch_error;
mod files;
mod load;
mod load_error;
mod options;
mod panics;
mod precision;
mod proof;
mod random;
mod row;
pub mod selftest;
mod source;
pub mod store;
mod tensor_file;
#[cfg(feature = "train")]
mod training;
mod trust;
mod unscored;
mod weights;
mod written;

pub use self::attention::Attention;
pub use self::card::Card;
pub use self::classifier::Classifier;
pub use self::convert::convert;
pub use self::describe::{describe, precisions, summary};
pub use self::error::{Error, Needs, Result};
pub use self::fetch_error::FetchError;
pub use self::load_error::LoadError;
pub use self::options::{Check, Options};
pub use self::precision::Precision;
#[doc(hidden)] // public for the benchmarks alone
pub use self::row::Row;
pub use self::source::Source;
#[cfg(feature = "train")]
pub use self::training::{Example, Recipe, Start, Trainer, Truth};
