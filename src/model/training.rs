//! Trains a network on labelled reads: one trainer for all families, which differ only in their losses and recipes.
//!
//! A network is created anew for each step from tensors that track gradients (`burn_engine/tensors.rs`). So the network
//! that is trained is the one that scores reads, not a copy of it.

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
