//! `readseeker index`: finds where an input can be cut into shards.

use std::num::NonZero;
use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::runtime::unless_interrupted;
use super::threads;
use crate::blocking::to_the_end;
use crate::config::check_places;
use crate::error::Result;
use crate::reads::output::{Existing, Placing, commit_all};
use crate::reads::{self, EncoderConfig, output};

/// Index an input, so that shards of it read their own part alone
///
/// For BAM, and for FASTQ or FASTA that is plain or compressed with bgzip; two files are R1 and R2. The input is read once.
/// `split --shard I/N --index INDEX` then begins where its part begins, and nothing is counted.
#[derive(Debug, ClapArgs)]
#[allow(clippy::doc_markdown, reason = "help is plain text")]
pub(super) struct Args {
    /// One BAM, or one or two FASTQ or FASTA files
    #[arg(value_name = "READS", required = true, num_args = 1..=2)]
    reads: Vec<PathBuf>,

    /// The index
    #[arg(short, long, value_name = "INDEX")]
    output: PathBuf,

    /// CPU threads [default: all CPUs that this process may use]
    #[arg(short, long, value_name = "N", value_parser = threads::number, allow_negative_numbers = true)]
    threads: Option<NonZero<usize>>,

    /// Replace an output that exists
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: Args) -> Result<()> {
    let Args { reads, output: path, threads, force } = args;
    let (workers, existing) = (threads::or_all(threads), Existing::replaced(force));
    check_places([path.clone()].into_iter(), reads.iter().cloned(), existing)?;
    unless_interrupted(workers, async move {
        let index = reads::build_index(&reads, workers).await?;
        let (mut writer, pending) = output::create(&path, EncoderConfig { workers, level: None }).await?;
        writer.write(index.to_json().as_bytes()).await?;
        writer.finish().await?;
        Ok(to_the_end(move || commit_all(vec![pending], Placing { existing, fsync: true })).await?)
    })
}
