//! Reads a text file, such as a table, line by line.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Problem;
use super::bytes::window::{Bytes, Window};
use super::codecs::decompress::decompress;
use super::counts::InputCounts;
use super::error::{Error, Result};
use super::input::open::{BYTE_ORDER_MARK, error, open_file};

/// The most bytes of a line: three times the longest read of a genome.
const LONGEST: usize = 1 << 30;

/// The lines of a text file, compressed or not; `-` is stdin.
pub struct Lines {
    path: PathBuf,
    content: Window<Bytes>,
    line: Vec<u8>,
    number: u64,
}

impl Lines {
    /// Opens the file and detects its compression.
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

    /// The next line without its line end; `None` at the end of the file.
    ///
    /// # Errors
    /// If the line is longer than any read could be, as in a device that never ends.
    pub async fn next(&mut self) -> Result<Option<&[u8]>> {
        self.line.clear();
        self.number += 1;
        loop {
            self.content.peek(1).await.map_err(|failed| error(&self.path, failed.into()))?;
            let window = self.content.window();
            if window.is_empty() {
                let line = self.line.strip_suffix(b"\r").unwrap_or(&self.line);
                return Ok((!self.line.is_empty()).then_some(line));
            }
            let end = memchr::memchr(b'\n', window);
            let part = &window[..end.unwrap_or(window.len())];
            self.line.extend_from_slice(part);
            let passed = part.len() + usize::from(end.is_some());
            self.content.skip(passed);
            if end.is_some() {
                return Ok(Some(self.line.strip_suffix(b"\r").unwrap_or(&self.line)));
            }
            if self.line.len() > LONGEST {
                return Err(self.refuse(format!("it has more than {LONGEST} bytes")));
            }
        }
    }

    /// The error that `what` is wrong with the line read last.
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
