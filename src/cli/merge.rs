//! `readseeker merge`: merges the reports of all shards.

use std::num::NonZero;
use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::inputs::given_twice;
use super::report_file;
use super::runtime::block_on;
use crate::blocking::to_the_end;
use crate::config::{check_contents, check_places};
use crate::error::{Error, Result};
use crate::outputs::{Part, Rows, join};
use crate::reads::EncoderConfig;
use crate::reads::output::{Existing, Placing, commit_all};
use crate::report::{Files, Report, multiqc};
use crate::words::counted;

/// Merge the reports and scores tables of all shards into those of a single run
///
/// Give the --json reports of all N runs with --shard I/N, in any order. Class files are joined with cat or `samtools cat`.
#[derive(Debug, ClapArgs)]
#[allow(clippy::doc_markdown, reason = "help is plain text")]
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
    ///
    /// Probabilities and general statistics go to SAMPLE.probabilities_mqc.json and SAMPLE.statistics_mqc.json beside it.
    #[arg(long, value_name = "SAMPLE_mqc.json")]
    multiqc: Option<multiqc::File>,

    /// Merged scores table, and the tables of the shards, one for each report and in the same order
    ///
    /// All in the format of the first: TSV, CSV (compressed or not) or Parquet. The rows are those of a single run. Give this flag after
    /// the reports: it takes all paths that follow.
    #[arg(long, num_args = 2.., value_names = ["OUT", "IN"])]
    scores: Vec<PathBuf>,

    /// Replace outputs that exist
    #[arg(long)]
    force: bool,

    /// Print only errors on stderr
    #[arg(short, long)]
    quiet: bool,
}

pub(super) fn run(args: Args) -> Result<()> {
    let Args { json, reports: paths, html, multiqc, scores, force, quiet: _ } = args;
    let files = Files { json: Some(json), html, multiqc };
    let existing = Existing::replaced(force);
    let (table, tables) = scores.split_first().unzip();
    let tables = tables.unwrap_or_default();
    let outputs = files.paths().chain(table.cloned());
    check_contents(files.contents())?;
    check_places(outputs, paths.iter().chain(tables).cloned(), existing)?;
    if table.is_some() && tables.len() != paths.len() {
        let (tables, reports) = (tables.len(), paths.len());
        let (tables, reports) = (counted(tables as u64, "table"), counted(reports as u64, "report"));
        return Err(Error::Usage(format!(
            "--scores takes a table for each report, and is given {tables} for {reports}"
        )));
    }
    if let Some(table) = given_twice(tables.iter().map(PathBuf::as_path)) {
        return Err(Error::Usage(format!("--scores takes {} twice", table.display())));
    }
    let reports: Vec<Report> = paths.iter().map(|path| report_file::read(path)).collect::<Result<_>>()?;
    let mut merged = Report::merged(&reports).map_err(|problem| {
        let report = problem.report().map(|n| paths[n].clone());
        Error::Report { report, problem: problem.to_string() }
    })?;
    merged.command = whole(&merged.command);
    let parts = in_order(&reports, tables);
    let encoding = EncoderConfig { workers: NonZero::<usize>::MIN, level: None };
    block_on(NonZero::<usize>::MIN, async {
        let mut pending = files.write(&merged, encoding).await?;
        if let Some(table) = table {
            pending.push(join(&parts, table, encoding).await?);
        }
        Ok(to_the_end(move || commit_all(pending, Placing { existing, fsync: true })).await?)
    })
}

/// Turns the command of a shard into that of a single run.
fn whole(command: &[String]) -> Vec<String> {
    let mut words = command.iter();
    let mut left = Vec::new();
    while let Some(word) = words.next() {
        let flag = word.split('=').next();
        if flag != Some("--shard") && flag != Some("--index") {
            left.push(word.clone());
        } else if flag == Some(word) {
            words.next();
        }
    }
    left
}

/// The tables in the order of their shards, with the rows that each must have.
fn in_order(reports: &[Report], tables: &[PathBuf]) -> Vec<Part> {
    let mut parts: Vec<(&Report, &PathBuf)> = reports.iter().zip(tables).collect();
    parts.sort_by_key(|(report, _)| report.input.shard.map(|shard| shard.number));
    parts.into_iter().map(|(report, path)| Part { path: path.clone(), rows: rows(report) }).collect()
}

/// The rows that a table must have according to its report.
fn rows(report: &Report) -> Rows {
    Rows {
        reads: report.counts.classes.iter().map(|(_, reads)| reads).sum(),
        scored: report.counts.scored,
        coding: report.counts.labelled_coding,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_that_of_a_single_run() {
        let command = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for sharded in [
            "readseeker split a.fq --shard 1/3 --coding c.fq",
            "readseeker split a.fq --coding c.fq --shard=1/3",
            "readseeker split a.fq --shard 1/3 --index a.rsi --coding c.fq",
            "readseeker split --index=a.rsi a.fq --coding c.fq --shard=1/3",
        ] {
            assert_eq!(whole(&command(sharded)), command("readseeker split a.fq --coding c.fq"));
        }
    }
}
