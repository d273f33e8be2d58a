//! BGZF in: noodles' reader, and the check it leaves to its caller: is the file whole?

use std::io;
use std::num::NonZero;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use noodles::bgzf;
use tokio::io::{AsyncRead, ReadBuf};

use super::bgzf_blocks::EOF_BLOCK;
use crate::reads::bytes::meter::Reach;
use crate::reads::bytes::window::{Bytes, Window};

/// noodles' BGZF reader, and an error where the file ends without its end marker.
///
/// noodles takes a file cut between two blocks for a whole one: only the marker tells them apart.
pub(super) struct BgzfReader {
    inner: bgzf::r#async::io::Reader<Tail>,
    reach: Arc<Reach>,
    content: u64,
}

impl BgzfReader {
    pub(super) fn new(stored: Window<Bytes>, workers: NonZero<usize>, reach: Arc<Reach>) -> Self {
        let tail = Tail { inner: stored, last: Vec::with_capacity(2 * EOF_BLOCK.len()), ended: false };
        let builder = bgzf::r#async::io::reader::Builder::default();
        Self { inner: builder.set_worker_count(workers).build_from_reader(tail), reach, content: 0 }
    }

    /// Says how far it is: the start of the block that is read, as the blocks after it are being inflated already.
    fn mark(&mut self, read: usize) {
        self.content += read as u64;
        let position = self.inner.virtual_position();
        self.reach.reached(position.compressed(), self.content - u64::from(position.uncompressed()));
    }

    fn is_cut(&self) -> bool {
        let tail = self.inner.get_ref();
        tail.ended && tail.last != EOF_BLOCK
    }
}

impl AsyncRead for BgzfReader {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = ready!(Pin::new(&mut self.inner).poll_read(cx, into));
        let stopped = read.is_err() || into.filled().len() == before;
        if stopped && self.is_cut() {
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        self.mark(into.filled().len() - before);
        Poll::Ready(read)
    }
}

/// Remembers the last bytes read through it, and whether more can come.
struct Tail {
    inner: Window<Bytes>,
    last: Vec<u8>,
    ended: bool,
}

impl Tail {
    fn remember(&mut self, bytes: &[u8]) {
        let fresh = &bytes[bytes.len().saturating_sub(EOF_BLOCK.len())..];
        self.last.extend_from_slice(fresh);
        let surplus = self.last.len().saturating_sub(EOF_BLOCK.len());
        self.last.drain(..surplus);
    }
}

impl AsyncRead for Tail {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let room = into.remaining();
        ready!(Pin::new(&mut self.inner).poll_read(cx, into))?;
        let fresh = &into.filled()[before..];
        self.ended = fresh.is_empty() && room > 0;
        self.remember(fresh);
        Poll::Ready(Ok(()))
    }
}
