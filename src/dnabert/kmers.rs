//! Writes reads as a table of k-mers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;
use futures::StreamExt;

use crate::blocking::to_the_end;
use crate::config::{check_contents, check_places};
use crate::error::Result;
use crate::kmer::{Letters, words};
use crate::outputs::read_name;
use crate::reads::output::{self, Content, Placing, commit_all};
use crate::reads::{self, EncoderConfig, InputConfig, Record};
use crate::warning::Warning;

/// The original reads the first two columns. The third tells users which read a probability belongs to.
const HEADER: &[u8] = b"sequence\tlabel\tname\n";

/// The number of bytes of text that are gathered before they are written.
const MOST_TEXT: usize = 1 << 20;

/// The reads to write as k-mers, and how.
#[derive(Debug)]
pub struct Kmers {
    /// The reads whose k-mers are written.
    pub input: InputConfig,
    /// The path of the table.
    pub output: PathBuf,
    /// The length of the k-mers.
    pub k: usize,
    /// The label of all reads.
    pub label: Label,
    /// Which letters count as bases: lenient letters are converted to upper-case bases.
    pub letters: Letters,
    /// Stop after this many reads.
    pub max_reads: Option<u64>,
    /// How the table is compressed.
    pub encoding: EncoderConfig,
    /// How the table is put in place.
    pub placing: Placing,
}

/// A label of the original.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Label {
    /// Not coding, or not known
    #[default]
    #[value(name = "0")]
    NonCoding,
    /// Coding
    #[value(name = "1")]
    Coding,
}

/// Writes the table: a line for each read, in input order. Returns the warnings for the user.
///
/// # Errors
/// If reads cannot be read or the table cannot be written; then the table does not exist.
pub async fn kmers(config: Kmers) -> Result<Vec<Warning>> {
    let Kmers { input, output, placing, encoding, .. } = &config;
    check_contents([(output.clone(), Content::Table)])?;
    check_places([output.clone()].into_iter(), input.inputs.paths().map(Path::to_owned), placing.existing)?;
    let counts = Arc::default();
    let mut templates = reads::open(input, Arc::clone(&counts)).await?.stream;
    let (mut table, pending) = output::create(output, *encoding).await?;
    let (mut text, mut left) = (HEADER.to_vec(), config.max_reads.unwrap_or(u64::MAX));
    while left > 0
        && let Some(template) = templates.next().await
    {
        for read in template?.segments.iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
            config.push(read, &mut text);
            left -= 1;
        }
        if text.len() >= MOST_TEXT {
            table.write(&text).await?;
            text.clear();
        }
    }
    table.write(&text).await?;
    table.finish().await?;
    let placing = *placing;
    to_the_end(move || commit_all(vec![pending], placing)).await?;
    Ok(counts.warnings())
}

impl Kmers {
    /// Appends the line of a read to `text`.
    fn push(&self, read: &Record, text: &mut Vec<u8>) {
        match self.letters {
            Letters::Published => words::push(read.bases(), self.k, text),
            Letters::Lenient => {
                let base = |letter: &u8| match letter.to_ascii_uppercase() {
                    b'U' => b'T',
                    other => other,
                };
                words::push(&read.bases().iter().map(base).collect::<Vec<u8>>(), self.k, text);
            }
        }
        text.extend_from_slice(match self.label {
            Label::NonCoding => b"\t0\t",
            Label::Coding => b"\t1\t",
        });
        read_name::push(read, text);
        text.push(b'\n');
    }
}
