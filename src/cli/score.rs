//! `readseeker score`: the scores table alone.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::common::Common;
use crate::config::Config;
use crate::error::Result;
use crate::{outputs, verdict};

/// Score reads without splitting them: one line a read, in input order.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,

    /// The table: name, mate, length, probability, label, frame, and with --windows windows, mean, max, fraction;
    /// compressed by its suffix, - is stdout
    #[arg(short, long, value_name = "TSV[.gz|.zst|...]")]
    output: PathBuf,
}

impl Args {
    pub(super) fn into_config(self, command: Vec<String>) -> Result<Config> {
        // Each read has its own line and label: how mates would be judged together does not matter here.
        let verdict = verdict::Config { threshold: self.common.threshold, band: None, mates: verdict::Mates::Each };
        let outputs = outputs::Config { scores: Some(self.output), ..outputs::Config::default() };
        self.common.into_config(verdict, outputs, command)
    }
}
