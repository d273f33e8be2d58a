//! `readseeker score`: the scores table alone.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::common::{Common, Own};
use crate::config::Config;
use crate::error::Result;
use crate::{outputs, verdict};

/// Score reads without splitting them: one line per read, in input order
#[derive(Debug, ClapArgs)]
#[allow(clippy::doc_markdown, reason = "help is plain text")]
pub(super) struct Args {
    /// Table of scores, compressed as its suffix says; - is stdout
    ///
    /// Columns: name, mate, length, probability, posterior, label, frame, output (NA), coding_bases, start, end; with --windows
    /// also windows, mean, max, fraction.
    #[arg(short, long, value_name = "TSV[.gz|.zst|...]", help_heading = "Outputs")]
    output: PathBuf,

    // Last, so that help starts with the outputs.
    #[command(flatten)]
    common: Common,
}

impl Args {
    pub(super) fn into_config(self, command: Vec<String>) -> Result<Config> {
        // Each read has its own line and label: how mates would be judged together does not matter here.
        let verdict = verdict::Config { threshold: self.common.threshold, band: None, mates: verdict::Mates::Each };
        let outputs = outputs::Config { tables: self.common.tables(Some(self.output)), ..outputs::Config::default() };
        self.common.into_config(Own { verdict, outputs, collate: None, set: None, command })
    }
}
