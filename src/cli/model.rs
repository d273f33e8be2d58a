//! `readseeker model`: what a model is.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use super::print::print;
use crate::error::Result;
use crate::model::{Source, describe};

/// Show what a model is, what it was trained on and how accurate it is
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print a summary of a model's card
    Info {
        /// builtin, or a checkpoint directory
        #[arg(default_value = "builtin")]
        model: PathBuf,
    },
}

pub(super) fn run(args: &Args) -> Result<()> {
    let Command::Info { model } = &args.command;
    let text = describe(&Source::from_path(model.clone()))?;
    print(&text)
}
