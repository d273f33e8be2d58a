//! `readseeker merge`: the reports of all shards as one.

use std::num::NonZero;
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;

use super::runtime::block_on;
use crate::blocking::blocking;
use crate::config::check_places;
use crate::error::{Error, Result};
use crate::reads::EncoderConfig;
use crate::reads::output::{Existing, Placing, commit_all};
use crate::report::{Files, Report, multiqc};

/// Merge the reports of all shards into that of a single run
///
/// Give the --json reports of all N runs with --shard I/N, in any order.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Merged report, as JSON
    #[arg(value_name = "OUT.json")]
    json: PathBuf,

    /// Reports of all shards
    #[arg(value_name = "IN.json", required = true)]
    reports: Vec<PathBuf>,

    /// Merged report as an HTML page
    #[arg(long, value_name = "PATH")]
    html: Option<PathBuf>,

    /// Reads by class for MultiQC; the file is named after the sample
    #[arg(long, value_name = "SAMPLE_mqc.json")]
    multiqc: Option<multiqc::File>,

    /// Replace outputs that exist
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: Args) -> Result<()> {
    let Args { json, reports: paths, html, multiqc, force } = args;
    let files = Files { json: Some(json), html, multiqc };
    let existing = Existing::replaced(force);
    check_places(files.paths().map(Path::to_owned), paths.iter().cloned(), existing)?;
    let reports: Vec<Report> = paths.iter().map(|path| read(path)).collect::<Result<_>>()?;
    let merged = Report::merged(&reports).map_err(|problem| {
        let report = problem.report().map(|n| paths[n].clone());
        Error::Report { report, problem: problem.to_string() }
    })?;
    let encoding = EncoderConfig { workers: NonZero::<usize>::MIN, level: None };
    block_on(NonZero::<usize>::MIN, async {
        let pending = files.write(&merged, encoding).await?;
        Ok(blocking(move || commit_all(pending, Placing { existing, fsync: true })).await?)
    })
}

fn read(path: &Path) -> Result<Report> {
    let refused = |problem: String| Error::Report { report: Some(path.to_owned()), problem };
    let text = std::fs::read(path).map_err(|error| refused(error.to_string()))?;
    serde_json::from_slice(&text).map_err(|error| refused(format!("not a report of readseeker: {error}")))
}
