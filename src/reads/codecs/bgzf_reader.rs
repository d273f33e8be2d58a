//! Reads BGZF. noodles inflates the blocks, several at once; this module checks that the file is complete, and handles
//! what comes after the last block.
//!
//! BAM has to end with the BGZF end-of-file marker and nothing after it. Text follows the rules of gzip: members of any
//! kind may follow each other, and a missing marker, which some writers leave out, is worth a warning.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use noodles::bgzf;
use tokio::io::{AsyncRead, ReadBuf};

use super::bgzf_frames::{End, Frames};
use super::gzip_members::members;
use super::source::Source;
use crate::reads::bytes::meter::Reach;
use crate::reads::bytes::window::Bytes;
use crate::reads::{InputCounts, Problem};
use crate::warning::Warning;

/// The first bytes of a BAM file.
const BAM: &[u8; 4] = b"BAM\x01";

/// Reads the content of BGZF blocks, and of gzip members after them.
pub(super) struct BgzfReader {
    content: Content,
    /// The first bytes of the content, which tell BAM from text.
    start: Vec<u8>,
    reach: Arc<Reach>,
    read: u64,
    path: Arc<Path>,
    counts: Arc<InputCounts>,
}

enum Content {
    Blocks(Box<bgzf::r#async::io::Reader<Frames>>),
    /// The gzip members after the blocks.
    Members(Bytes),
    Ended,
}

impl BgzfReader {
    pub(super) fn new(source: Source) -> Self {
        let Source { stored, workers, reach, path, counts } = source;
        let builder = bgzf::r#async::io::reader::Builder::default().set_worker_count(workers);
        let content = Content::Blocks(Box::new(builder.build_from_reader(Frames::new(stored))));
        Self { content, start: Vec::new(), reach, read: 0, path, counts }
    }

    /// Records bytes that were read.
    fn mark(&mut self, fresh: &[u8]) {
        let missing = BAM.len() - self.start.len();
        self.start.extend_from_slice(&fresh[..fresh.len().min(missing)]);
        self.read += fresh.len() as u64;
        if let Content::Blocks(blocks) = &self.content {
            // Counts up to the start of the current block, as the blocks after it are being inflated already.
            let position = blocks.virtual_position();
            self.reach.reached(position.compressed(), self.read - u64::from(position.uncompressed()));
        }
    }

    /// Decides what comes after the last block: gzip members, or the end.
    fn after_blocks(&mut self) -> Result<Content, Problem> {
        let Content::Blocks(blocks) = std::mem::replace(&mut self.content, Content::Ended) else {
            return Ok(Content::Ended);
        };
        let frames = blocks.into_inner();
        let is_bam = self.start == BAM;
        let end = frames.end().unwrap_or(End::InsideBlock);
        match end {
            End::InsideBlock => return Err(Problem::Cut),
            End::File if is_bam && !frames.has_marker() => return Err(Problem::Cut),
            End::Gzip if is_bam => return Err(Problem::AfterBlocks { found: "gzip that is not BGZF" }),
            End::Other => return Err(Problem::AfterBlocks { found: "something that is not compressed with gzip" }),
            End::Zeros if is_bam => return Err(Problem::AfterBlocks { found: "zeros" }),
            End::File | End::Gzip | End::Zeros => {}
        }
        if !frames.has_marker() {
            self.counts.warn(Warning::NoEndMarker { path: self.path.to_path_buf() });
        }
        Ok(match end {
            End::Gzip | End::Zeros => Content::Members(members(frames.into_inner(), Arc::clone(&self.reach))),
            _ => Content::Ended,
        })
    }
}

impl AsyncRead for BgzfReader {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        loop {
            let read = match &mut self.content {
                Content::Blocks(blocks) => ready!(Pin::new(blocks.as_mut()).poll_read(cx, into)),
                Content::Members(members) => ready!(Pin::new(members).poll_read(cx, into)),
                Content::Ended => return Poll::Ready(Ok(())),
            };
            let stopped = read.is_err() || into.filled().len() == before;
            match &self.content {
                Content::Blocks(blocks) if stopped => {
                    // noodles has an error of its own for a file cut inside a block.
                    let is_cut = blocks.get_ref().end() == Some(End::InsideBlock);
                    if !is_cut {
                        read?;
                    }
                    self.content = self.after_blocks().map_err(io::Error::other)?;
                }
                _ => {
                    self.mark(&into.filled()[before..]);
                    return Poll::Ready(read);
                }
            }
        }
    }
}
