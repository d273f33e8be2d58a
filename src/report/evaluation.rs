//! The report of an evaluation of models on labelled reads: JSON, a table and a page.

mod account;
mod curves;
mod files;
mod page;
mod parts;
mod table;

pub use account::{Basis, Evaluation, Predictor, Setting};
pub use parts::{LabelledReads, Truth};
