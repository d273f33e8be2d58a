//! Flags of all subcommands that score reads: which model, and how it runs.

use std::num::NonZero;
use std::path::PathBuf;

use clap::Args;

use super::anew;
use super::values::{BatchSize, batch_size};
use crate::model::{Attention, Check, Options, Precision, device, store};

/// Which model, and how it runs.
#[derive(Debug, Args)]
#[allow(clippy::doc_markdown, reason = "help is plain text")]
pub(super) struct ModelFlags {
    /// Model: builtin, compact, a directory or a name
    ///
    /// builtin calls genes along the read. compact, also part of the program, makes one call a read and is faster. A directory
    /// holds config.json, the weights and, for a BERT, vocab.txt. A name is one that `readseeker model list` shows.
    #[arg(long, value_name = "MODEL", default_value = "builtin", help_heading = "Model")]
    model: PathBuf,

    #[command(flatten)]
    running: RunningFlags,
}

/// How a model runs.
#[derive(Debug, Args)]
#[allow(clippy::doc_markdown, reason = "help is plain text")]
pub(super) struct RunningFlags {
    /// Skip the check of the model
    ///
    /// Before the input, a few reads are scored both on the path that will run and on a plain one, and the answers must agree.
    #[arg(long, hide_short_help = true, help_heading = "Model")]
    no_check: bool,

    /// Device to run the model on
    ///
    /// auto takes the first real GPU, else the CPU. To use several GPUs, list them: gpu:0,gpu:1. `readseeker device` lists their
    /// numbers. cuda:N needs a build with CUDA.
    #[arg(long, value_name = "auto|cpu|gpu|gpu:N|cuda:N", default_value = "auto", help_heading = "Model")]
    device: device::Choice,

    /// Number format of the model's arithmetic
    ///
    /// Formats other than f32 are less exact. They are faster where the list below says so.
    #[arg(long, value_enum, default_value_t, help_heading = "Model")]
    precision: Precision,

    /// Attention of a BERT: as in the published evaluation, or with padding masked out
    ///
    /// Masked is about twice as fast at 150 bases, and its probabilities differ from the published ones.
    #[arg(long, value_enum, default_value_t, help_heading = "Model", hide_short_help = true)]
    attention: Attention,

    /// Rows per batch on a GPU
    ///
    /// auto tries larger batches as long as they are faster, and halves those that do not fit into memory.
    #[arg(
        long,
        value_name = "auto|N",
        default_value = "auto",
        value_parser = batch_size,
        help_heading = "Model",
        hide_short_help = true
    )]
    batch_size: BatchSize,
}

impl ModelFlags {
    /// The model with its settings, for this many threads.
    pub(super) fn options(&self, threads: NonZero<usize>) -> Options {
        self.running.options(self.model.clone(), threads)
    }
}

impl RunningFlags {
    /// The settings for a model that runs on this many threads.
    pub(super) fn options(&self, model: PathBuf, threads: NonZero<usize>) -> Options {
        Options {
            source: store::find(model),
            attention: self.attention,
            precision: self.precision,
            device: self.device.clone(),
            batch_size: self.batch_size.0,
            threads,
            check: self.check(),
        }
    }

    fn check(&self) -> Check {
        if self.no_check {
            Check::Skip
        } else if anew::is_possible() {
            Check::OrAgain
        } else {
            Check::Run
        }
    }
}
