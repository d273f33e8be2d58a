//! Flags for reads longer than a model's window.

use std::num::NonZero;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::common::probability;
use crate::windows;

/// Windows over whole reads.
#[derive(Debug, Args)]
pub(super) struct LongReads {
    /// Score windows of 300 bases over the whole of each read, spread evenly and at most STEP bases apart; above 300 the
    /// bases between them are not looked at. Without it the built-in model pools windows of its own and a BERT reads the
    /// first 301 bases
    #[arg(long, value_name = "STEP", help_heading = "Long reads")]
    windows: Option<NonZero<usize>>,

    /// What stands for the read and is held against --threshold: the windows' mean probability, the highest, or the share of
    /// them that are coding [default: mean]
    #[arg(long, value_enum, requires = "windows", help_heading = "Long reads")]
    pool: Option<Pool>,

    /// A window is coding from this probability on; reads with errors want less: 0.1 where 1 to 5 % of the bases are wrong
    /// [default: that of --threshold]
    #[arg(long, value_name = "P", value_parser = probability, requires = "windows", help_heading = "Long reads")]
    windows_threshold: Option<f32>,

    /// The windows as BED, one line each: read, start, end, frame, thousandfold probability, strand, probability
    #[arg(long, value_name = "BED[.gz]", requires = "windows", help_heading = "Long reads")]
    pub(super) windows_out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Pool {
    #[default]
    Mean,
    Max,
    Fraction,
}

impl LongReads {
    /// The settings, if windows are asked for; `threshold` is the reads'.
    pub(super) fn config(&self, threshold: f32) -> Option<windows::Config> {
        let pool = match self.pool.unwrap_or_default() {
            Pool::Mean => windows::Pool::Mean,
            Pool::Max => windows::Pool::Max,
            Pool::Fraction => windows::Pool::Fraction,
        };
        let threshold = self.windows_threshold.unwrap_or(threshold);
        self.windows.map(|step| windows::Config { step, pool, threshold })
    }
}
