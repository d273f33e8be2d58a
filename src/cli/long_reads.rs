//! Flags for reads longer than a model's window.

use std::num::NonZero;
use std::path::PathBuf;

use clap::Args;

use super::values::{count, probability};
use crate::outputs::{Bed, Table};
use crate::windows::{Pool, WindowsConfig};

/// Windows over whole reads.
#[derive(Debug, Args)]
pub(super) struct LongReads {
    /// Score windows of 300 bases over the whole read, at most STEP bases apart
    ///
    /// The windows are spread evenly. Above 300, the bases between them are not scored. Without this flag the built-in
    /// model follows genes along the whole read, compact pools windows of its own, and a BERT reads the first 301 bases.
    #[arg(long, value_name = "STEP", value_parser = count, help_heading = "Long reads")]
    windows: Option<NonZero<usize>>,

    /// Probability of a read that is scored in windows, to be compared with --threshold [default: mean]
    #[arg(long, value_enum, requires = "windows", help_heading = "Long reads", hide_short_help = true)]
    pool: Option<Pool>,

    /// Probability at or above which a window is coding [default: that of --threshold]
    ///
    /// Reads with errors need less: 0.1 where 1 to 5% of the bases are wrong.
    #[arg(
        long,
        value_name = "P",
        value_parser = probability,
        requires = "windows",
        help_heading = "Long reads",
        hide_short_help = true
    )]
    windows_threshold: Option<f32>,

    /// Windows as BED, one line per window
    ///
    /// Columns: read, start, end, frame, probability in thousandths, strand, probability.
    #[arg(long, value_name = "BED[.gz]", requires = "windows", help_heading = "Long reads", hide_short_help = true)]
    windows_out: Option<PathBuf>,
}

impl LongReads {
    /// Whether reads are scored in windows.
    pub(super) fn are_windowed(&self) -> bool {
        self.windows.is_some()
    }

    /// The table of windows, if requested.
    pub(super) fn table(&self) -> Option<(PathBuf, Box<dyn Table>)> {
        self.windows_out.clone().map(|path| (path, Box::new(Bed) as Box<dyn Table>))
    }

    /// The settings of windows, if requested; `threshold` is that of the reads.
    pub(super) fn config(&self, threshold: f32) -> Option<WindowsConfig> {
        let (pool, threshold) = (self.pool.unwrap_or_default(), self.windows_threshold.unwrap_or(threshold));
        self.windows.map(|step| WindowsConfig { step, pool, threshold })
    }
}
