//! `readseeker compare`: the reports of several samples on one page.

use std::num::NonZero;
use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::merge::read;
use super::runtime::block_on;
use crate::blocking::to_the_end;
use crate::config::check_places;
use crate::error::{Error, Result};
use crate::reads::EncoderConfig;
use crate::reads::output::{Existing, Placing, commit_all};
use crate::report::{self, MOST_COMPARED, Report};

/// Compare the reports of up to 20 samples on one HTML page
///
/// Give the --json reports of their runs. A sample is named after its file.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The page
    #[arg(value_name = "OUT.html")]
    page: PathBuf,

    /// Reports of the samples
    #[arg(value_name = "IN.json", required = true)]
    reports: Vec<PathBuf>,

    /// Replace an output that exists
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: Args) -> Result<()> {
    let Args { page, reports: paths, force } = args;
    if paths.len() > MOST_COMPARED {
        let problem =
            format!("a page holds {MOST_COMPARED} samples, and {} are given: MultiQC takes more", paths.len());
        return Err(Error::Usage(problem));
    }
    let existing = Existing::replaced(force);
    check_places([page.clone()].into_iter(), paths.iter().cloned(), existing)?;
    let samples: Vec<(String, Report)> = paths
        .iter()
        .map(|path| {
            let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
            Ok((name, read(path)?))
        })
        .collect::<Result<_>>()?;
    let encoding = EncoderConfig { workers: NonZero::<usize>::MIN, level: None };
    block_on(NonZero::<usize>::MIN, async {
        let pending = report::compare(&samples, &page, encoding).await?;
        Ok(to_the_end(move || commit_all(vec![pending], Placing { existing, fsync: true })).await?)
    })
}
