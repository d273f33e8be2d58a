//! `readseeker device`: what this machine has to run a model on.

use std::io::Write;

use clap::Args as ClapArgs;

use crate::error::{Error, Result};
use crate::model::device;

/// List CPU features and GPU adapters, and what --device auto would take.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {}

pub(super) fn run(_args: &Args) -> Result<()> {
    let text = device::describe();
    std::io::stdout().lock().write_all(text.as_bytes()).map_err(|_closed| Error::OutputClosed)
}
