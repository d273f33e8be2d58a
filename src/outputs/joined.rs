//! Joins the scores tables of shards into that of a single run.

use std::fs::File;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::scores;
use crate::class::Class;
use crate::error::{Error, Result};
use crate::reads::output::{self, Pending, Writer};
use crate::reads::{EncoderConfig, Lines};

/// The number of bytes of text that are gathered before they are written.
const MOST_TEXT: usize = 1 << 20;

/// The scores table of one shard.
#[derive(Clone, Debug)]
pub struct Part {
    /// The path of the table.
    pub path: PathBuf,
    /// The rows it must have.
    pub rows: Rows,
}

/// Counts of the rows of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// The number of all rows.
    pub reads: u64,
    /// The number of rows of reads that were scored, which have a label.
    pub scored: u64,
    /// The number of rows of reads with the label coding.
    pub coding: u64,
}

/// Writes the rows of all tables in this order and in the same format. The returned file has still to be put in place.
///
/// # Errors
/// [`Error::Report`] for a table in another format, with other columns or with another number of rows.
pub async fn join(parts: &[Part], into: &Path, encoding: EncoderConfig) -> Result<Pending> {
    let is_columnar = scores::is_columnar(into);
    if let Some(other) = parts.iter().find(|part| scores::is_columnar(&part.path) != is_columnar) {
        return Err(refused(&other.path, format!("it is not in the format of {}", into.display())));
    }
    let (mut writer, pending) = output::create(into, encoding).await?;
    if is_columnar {
        join_columns(parts, &mut writer).await?;
    } else {
        join_text(parts, into, &mut writer).await?;
    }
    writer.finish().await?;
    Ok(pending)
}

async fn join_text(parts: &[Part], into: &Path, writer: &mut Writer) -> Result<()> {
    let headers = [false, true].map(|windows| {
        let mut header = Vec::new();
        scores::scores(into, windows).start(&mut header);
        header
    });
    let mut first: Option<Vec<u8>> = None;
    let mut text = Vec::new();
    for Part { path, rows } in parts {
        let mut lines = Lines::open(path, NonZero::<usize>::MIN, Arc::default()).await?;
        let header = [lines.next().await?.unwrap_or_default(), b"\n"].concat();
        match &first {
            Some(first) if *first == header => {}
            None if headers.contains(&header) => {
                text.extend_from_slice(&header);
                first = Some(header.clone());
            }
            _ => {
                let like = if first.is_some() { "the first one" } else { "a scores table of such a name" };
                return Err(refused(path, format!("its columns are not those of {like}")));
            }
        }
        let mut found = Rows::default();
        while let Some(line) = lines.next().await? {
            found.count(scores::label(line, &header));
            text.extend_from_slice(line);
            text.push(b'\n');
            if text.len() >= MOST_TEXT {
                writer.write(&text).await?;
                text.clear();
            }
        }
        found.check(path, rows)?;
    }
    Ok(writer.write(&text).await?)
}

async fn join_columns(parts: &[Part], writer: &mut Writer) -> Result<()> {
    let mut joined: Option<scores::Joined> = None;
    for Part { path, rows } in parts {
        let unreadable = |problem: String| refused(path, problem);
        let file = File::open(path).map_err(|error| unreadable(error.to_string()))?;
        let part = scores::Columns::read(file).map_err(unreadable)?;
        let mut found = Rows::default();
        part.labels(|label| found.count(label)).map_err(unreadable)?;
        found.check(path, rows)?;
        let joined = joined.get_or_insert_with(|| scores::Joined::like(&part));
        for group in 0..part.groups() {
            let bytes = joined.add(&part, group).map_err(unreadable)?;
            writer.write(&bytes).await?;
        }
    }
    let end = joined.map(scores::Joined::end).unwrap_or_default();
    Ok(writer.write(&end).await?)
}

impl Rows {
    /// Counts a row with this label; `None` if its read was not scored.
    fn count(&mut self, label: Option<&[u8]>) {
        self.reads += 1;
        self.scored += u64::from(label.is_some());
        self.coding += u64::from(label == Some(Class::Coding.id().as_bytes()));
    }

    /// Checks that the rows are those expected. Tables in another order than the reports hardly ever have the same
    /// counts.
    fn check(self, path: &Path, expected: &Self) -> Result<()> {
        let counts = [
            ("rows", self.reads, expected.reads),
            ("scored reads", self.scored, expected.scored),
            ("reads with the label coding", self.coding, expected.coding),
        ];
        for (what, found, expected) in counts {
            if found != expected {
                return Err(refused(
                    path,
                    format!("it has {found} {what}, but the report in its place counts {expected}"),
                ));
            }
        }
        Ok(())
    }
}

fn refused(path: &Path, problem: String) -> Error {
    Error::Report { report: Some(path.to_owned()), problem }
}
