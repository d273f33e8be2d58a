//! How good a model is on labelled reads: as JSON, a table and a page.

mod account;
mod files;
mod page;
mod table;

pub use account::{Evaluation, Judgement, Setting};
