//! Finds where the blocks of a BGZF file begin and end. Passes the blocks on, and leaves what follows the last one
//! unread.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};

use super::bgzf_blocks::EOF_BLOCK;
use crate::reads::bytes::window::{Bytes, Window};

/// The length of a block's header: gzip's, and an extra field of 6 bytes with the block's length (SAM specification,
/// 4.1).
const HEADER: usize = 18;

/// Whether a file or a block starts as BGZF does: the one layout that noodles and htslib read, and every tool writes.
pub(super) fn is_bgzf(start: &[u8]) -> bool {
    matches!(start, [0x1f, 0x8b, 8, 4, _, _, _, _, _, _, 6, 0, b'B', b'C', 2, 0, ..])
}

/// Why there are no more blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The file ends after a block.
    File,
    /// The file ends inside a block.
    InsideBlock,
    /// A gzip member follows that is not a BGZF block.
    Gzip,
    /// Zeros follow, which gzip treats as padding.
    Zeros,
    /// Anything else follows.
    Other,
}

/// Reads the blocks of a file.
pub(super) struct Frames {
    inner: Window<Bytes>,
    /// Bytes left of the current block.
    left: usize,
    /// Whether the last block was the BGZF end-of-file marker.
    has_marker: bool,
    end: Option<End>,
}

impl Frames {
    pub(super) fn new(inner: Window<Bytes>) -> Self {
        Self { inner, left: 0, has_marker: false, end: None }
    }

    pub(super) fn end(&self) -> Option<End> {
        self.end
    }

    pub(super) fn has_marker(&self) -> bool {
        self.has_marker
    }

    /// Returns the input, positioned after the blocks.
    pub(super) fn into_inner(self) -> Window<Bytes> {
        self.inner
    }

    /// Finds the length of the next block, or why there is none.
    fn poll_next_block(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.inner.poll_peek(cx, EOF_BLOCK.len()))?;
        let start = self.inner.window();
        self.end = match start.first_chunk::<HEADER>() {
            _ if start.is_empty() => Some(End::File),
            Some(header) if is_bgzf(header) => {
                self.left = usize::from(u16::from_le_bytes([header[16], header[17]])) + 1;
                self.has_marker = start.starts_with(&EOF_BLOCK);
                None
            }
            None if is_bgzf_so_far(start) => Some(End::InsideBlock),
            _ if start.starts_with(&GZIP) => Some(End::Gzip),
            _ if start[0] == 0 => Some(End::Zeros),
            _ => Some(End::Other),
        };
        Poll::Ready(Ok(()))
    }
}

/// The first bytes of every gzip member.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Whether less than a whole header may be the start of one.
fn is_bgzf_so_far(start: &[u8]) -> bool {
    let mut header = [0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0, 6, 0, b'B', b'C', 2, 0, 0, 0];
    header[..start.len()].copy_from_slice(start);
    is_bgzf(&header)
}

impl AsyncRead for Frames {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.left == 0 {
            if this.end.is_some() {
                return Poll::Ready(Ok(()));
            }
            ready!(this.poll_next_block(cx))?;
        }
        let window = ready!(Pin::new(&mut this.inner).poll_fill_buf(cx))?;
        let n = window.len().min(this.left).min(into.remaining());
        into.put_slice(&window[..n]);
        if window.is_empty() {
            (this.left, this.end) = (0, Some(End::InsideBlock));
        }
        this.inner.skip(n);
        this.left = this.left.saturating_sub(n);
        Poll::Ready(Ok(()))
    }
}
