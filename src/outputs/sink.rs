//! Open output files, with the text to be written to them.

use std::path::PathBuf;
use std::sync::Arc;

use crate::error::Result;
use crate::reads::output::{self, Pending, Writer};
use crate::reads::{EncoderConfig, Header};

/// The most text gathered for a file within one chunk before it is written.
const MOST_TEXT: usize = 1 << 20;

/// Opens outputs, and collects the files to be renamed at the end.
#[derive(Debug)]
pub(super) struct Opener {
    pub(super) encoding: EncoderConfig,
    pub(super) pending: Vec<Pending>,
}

impl Opener {
    pub(super) async fn sink(&mut self, path: PathBuf) -> Result<Sink> {
        let (writer, pending) = output::create(&path, self.encoding).await?;
        self.pending.push(pending);
        Ok(Sink { header: None, text: Vec::new(), writer })
    }

    /// Opens a BAM file that starts with this header.
    pub(super) async fn bam(&mut self, path: PathBuf, header: &Arc<Header>) -> Result<Sink> {
        let (writer, pending) = output::create_bgzf(&path, self.encoding).await?;
        self.pending.push(pending);
        Ok(Sink { header: Some(Arc::clone(header)), text: Vec::new(), writer })
    }
}

/// An open file and the text to be written to it: one write per chunk instead of one per read.
#[derive(Debug)]
pub(super) struct Sink {
    /// The BAM header, until it is written with the first text: a program that reads this file may first wait for
    /// another one to be opened.
    header: Option<Arc<Header>>,
    pub(super) text: Vec<u8>,
    writer: Writer,
}

impl Sink {
    /// Whether the text should be written before more is added.
    pub(super) fn is_full(&self) -> bool {
        self.text.len() >= MOST_TEXT
    }

    pub(super) async fn flush(&mut self) -> Result<()> {
        if let Some(header) = self.header.take() {
            let (start, text, references) = header.parts_of_bam();
            for part in [&start, text, &references] {
                self.writer.write(part).await?;
            }
        }
        self.writer.write(&self.text).await?;
        self.text.clear();
        Ok(())
    }

    pub(super) async fn finish(mut self) -> Result<()> {
        self.flush().await?;
        Ok(self.writer.finish().await?)
    }
}
