//! A text file as lines: a table that is an input.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::io::AsyncBufReadExt as _;

use super::Problem;
use super::bytes::window::{Bytes, Window};
use super::codecs::decompress::decompress;
use super::counts::InputCounts;
use super::error::{Error, Result};
use super::input::open::{BYTE_ORDER_MARK, error, open_file};

/// The lines of a text file, compressed or not; `-` is stdin.
pub struct Lines {
    path: PathBuf,
    content: Window<Bytes>,
    line: Vec<u8>,
    number: u64,
}

impl Lines {
    /// Opens the file, and finds out how it is compressed.
    pub async fn open(path: &Path, workers: NonZero<usize>, counts: Arc<InputCounts>) -> Result<Self> {
        let opened = async {
            let (stored, _) = open_file(path).await.map_err(Problem::Io)?;
            let (_, mut content) = decompress(path, stored, workers, counts).await?;
            if content.peek(BYTE_ORDER_MARK.len()).await? == BYTE_ORDER_MARK {
                content.skip(BYTE_ORDER_MARK.len());
            }
            Ok(content)
        };
        let content = opened.await.map_err(|problem| error(path, problem))?;
        Ok(Self { path: path.to_owned(), content, line: Vec::new(), number: 0 })
    }

    /// The next line without its end, unless there is none.
    pub async fn next(&mut self) -> Result<Option<&[u8]>> {
        self.line.clear();
        let read = self.content.read_until(b'\n', &mut self.line).await;
        let read = read.map_err(|failed| error(&self.path, failed.into()))?;
        self.number += 1;
        let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        Ok((read > 0).then(|| line.strip_suffix(b"\r").unwrap_or(line)))
    }

    /// What is wrong with the line that was read last.
    #[must_use]
    pub fn refuse(&self, what: String) -> Error {
        error(&self.path, Problem::Line { number: self.number, what })
    }
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lines").field("path", &self.path).field("number", &self.number).finish_non_exhaustive()
    }
}
