//! Fine-tunes a network on labelled reads: one trainer for all families, which differ in their losses and recipes alone.
//!
//! A network is made anew for each step, of tensors that remember where they came from (`burn_engine/tensors.rs`): what runs
//! is the network that scores reads, not a copy of it.

mod adamw;
mod begun;
mod folded;
mod learning;
mod losses;
mod recalibrated;
mod recipe;
mod scratch;
mod state;
mod step;
mod trainer;

pub use self::learning::{Example, Truth};
pub(super) use self::learning::{Learning, Taught};
pub(super) use self::losses::{Classes, logsumexp, one_hot};
pub use self::recipe::Recipe;
pub(super) use self::recipe::{AdamW, Fall};
pub use self::scratch::Start;
pub(super) use self::scratch::{NormOf, Scratch};
pub use self::trainer::Trainer;
