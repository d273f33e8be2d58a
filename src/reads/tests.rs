//! Tests from whole files to templates: compared with samtools, and with every trap that a file can hold.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::TryStreamExt;
use tempfile::TempDir;

use super::EncoderConfig;
use super::error::{Error, Result};
use super::output::{self, Names, write_record};
use super::{Alignments, Grouping, Input, InputConfig, InputCounts, Inputs, MateNames, Record, Template, open};

mod against_samtools;
mod compressed;
mod cram;
mod round_trip;
mod traps;
mod writing;

const WORKERS: NonZero<usize> = NonZero::new(2).unwrap();
const READ_AHEAD: u64 = 8 << 20;
const ENCODING: EncoderConfig = EncoderConfig { workers: WORKERS, level: None };

/// The path of a file in `testdata/odd`.
fn odd(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/odd").join(name)
}

/// A temporary folder for the files of one test.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

/// A configuration without anything special.
fn config(input: Input, grouping: Grouping) -> InputConfig {
    InputConfig {
        part: None,
        inputs: Inputs::Lanes(vec![input]),
        grouping,
        mate_names: MateNames::Compared,
        alignments: Alignments::Dropped,
        collate: None,
        reference: None,
        read_ahead: READ_AHEAD,
        workers: WORKERS,
    }
}

/// All templates of an input, or its first error, and the counts up to there.
async fn read_with(input: Input, grouping: Grouping) -> (Result<Vec<Template>>, Arc<InputCounts>) {
    let counts = Arc::new(InputCounts::default());
    let read = async { open(&config(input, grouping), Arc::clone(&counts)).await?.stream.try_collect().await };
    (read.await, counts)
}

async fn read(path: impl Into<PathBuf>) -> Result<Vec<Template>> {
    read_with(Input::Single(path.into()), Grouping::Templates).await.0
}

async fn read_pair(first: PathBuf, second: PathBuf) -> Result<Vec<Template>> {
    read_with(Input::Pair(first, second), Grouping::Templates).await.0
}

/// The message that a run would print: the chain of errors.
fn message(error: &Error) -> String {
    assert!(matches!(error, Error::Input { .. }), "{error}");
    explain(error)
}

fn explain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text.replace(&format!("{}/", std::env::temp_dir().display()), "")
}

fn records(templates: Vec<Template>) -> Vec<Record> {
    templates.into_iter().flat_map(|template| template.segments).collect()
}

/// The records of templates as one FASTQ file.
fn fastq(templates: Vec<Template>, names: Names) -> String {
    let mut text = Vec::new();
    for record in records(templates) {
        write_record(&record, output::SequenceFormat::Fastq, names, &mut text);
    }
    String::from_utf8(text).unwrap()
}
