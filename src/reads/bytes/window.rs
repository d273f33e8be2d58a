//! A window over a stream of bytes, as wide as the longest record needs, so that parsers see whole records as slices.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};

use super::meter::{Meter, Reach};

/// A stream of bytes from a file, pipe or decoder.
pub(in crate::reads) type Bytes = Box<dyn AsyncRead + Send + Unpin>;

/// The window's first size: some hundred short reads, and large enough to make a read from disk worth its system call.
const FIRST_SIZE: usize = 256 * 1024;

/// The most bytes asked for at once. A gzip decoder clears all the room it is given before each of its small steps,
/// which made reading a chromosome five times as slow.
const LARGEST_READ: usize = FIRST_SIZE;

/// Bytes read ahead from `R`, and which of them are not consumed yet.
pub(in crate::reads) struct Window<R> {
    inner: R,
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
    /// The number of bytes before the window.
    consumed: u64,
    /// Whether `consumed` is exact: no bytes were forgotten.
    is_exact: bool,
    meter: Meter,
}

impl<R: AsyncRead + Unpin> Window<R> {
    pub(in crate::reads) fn new(inner: R) -> Self {
        Self {
            inner,
            bytes: vec![0; FIRST_SIZE],
            start: 0,
            end: 0,
            ended: false,
            consumed: 0,
            is_exact: true,
            meter: Meter::Off,
        }
    }

    /// Counts the bytes of this window with `meter` once they are consumed.
    pub(in crate::reads) fn metered(self, meter: Meter) -> Self {
        Self { meter, ..self }
    }

    /// Calls [`Meter::follow_decoder`] for a decoder that starts here.
    pub(in crate::reads) fn follow_decoder(&mut self) -> (Arc<Reach>, Meter) {
        self.meter.follow_decoder()
    }

    /// The bytes that were read and not consumed.
    pub(in crate::reads) fn window(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// Whether the input has ended, so that the window holds all that is left.
    pub(in crate::reads) fn ended(&self) -> bool {
        self.ended
    }

    /// The number of bytes before the window; `None` if some were forgotten.
    pub(in crate::reads) fn position(&self) -> Option<u64> {
        self.is_exact.then_some(self.consumed)
    }

    /// Consumes the first `n` bytes of the window.
    pub(in crate::reads) fn skip(&mut self, n: usize) {
        debug_assert!(n <= self.end - self.start);
        self.start += n;
        self.consumed += n as u64;
        self.meter.add(n);
    }

    /// Drops the last `n` bytes of the window, which have no meaning.
    pub(in crate::reads) fn forget_last(&mut self, n: usize) {
        debug_assert!(n <= self.end - self.start);
        self.end -= n;
        self.is_exact = false;
        self.meter.add(n);
    }

    /// Widens the window, or finds that the input has ended.
    ///
    /// A wide window is doubled: its record is parsed again after each fill, and that must not cost its length times
    /// the number of reads from disk. A small one takes what is available, so as not to wait for a slow pipe.
    pub(in crate::reads) async fn fill(&mut self) -> io::Result<()> {
        let width = self.window().len();
        let wanted = if width < FIRST_SIZE { width + 1 } else { 2 * width };
        while self.window().len() < wanted && !self.ended {
            std::future::poll_fn(|cx| self.poll_more(cx)).await?;
        }
        Ok(())
    }

    /// The next `n` bytes without consuming them; fewer only if the input ends before.
    pub(in crate::reads) async fn peek(&mut self, n: usize) -> io::Result<&[u8]> {
        while self.window().len() < n && !self.ended {
            self.fill().await?;
        }
        Ok(&self.window()[..n.min(self.end - self.start)])
    }

    /// Polls for the next `n` bytes, as [`peek`](Self::peek).
    pub(in crate::reads) fn poll_peek(&mut self, cx: &mut Context<'_>, n: usize) -> Poll<io::Result<&[u8]>> {
        while self.window().len() < n && !self.ended {
            ready!(self.poll_more(cx))?;
        }
        Poll::Ready(Ok(&self.window()[..n.min(self.end - self.start)]))
    }

    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.make_room();
        let room = (self.bytes.len() - self.end).min(LARGEST_READ);
        let mut room = ReadBuf::new(&mut self.bytes[self.end..][..room]);
        ready!(Pin::new(&mut self.inner).poll_read(cx, &mut room))?;
        let n = room.filled().len();
        self.end += n;
        self.ended = n == 0;
        if self.ended {
            self.meter.end();
        }
        Poll::Ready(Ok(()))
    }

    /// Makes room for a read. Doubling, and moving only the rest of an unfinished record, keeps the cost linear for
    /// reads of any length.
    fn make_room(&mut self) {
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.bytes.len() - self.end < FIRST_SIZE / 2 {
            self.bytes.resize(self.bytes.len() * 2, 0);
        }
    }
}

impl<R: AsyncRead + Unpin> AsyncBufRead for Window<R> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        if this.start == this.end && !this.ended {
            ready!(this.poll_more(cx))?;
        }
        Poll::Ready(Ok(this.window()))
    }

    fn consume(self: Pin<&mut Self>, n: usize) {
        self.get_mut().skip(n);
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Window<R> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let window = ready!(self.as_mut().poll_fill_buf(cx))?;
        let n = window.len().min(into.remaining());
        into.put_slice(&window[..n]);
        self.consume(n);
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_window_grows_to_whatever_a_record_needs() {
        let bytes: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
        let mut buffer = Window::new(bytes.as_slice());
        assert_eq!(buffer.peek(10).await.unwrap(), &bytes[..10]);
        buffer.skip(7);
        assert_eq!(buffer.peek(2_500_000).await.unwrap(), &bytes[7..2_500_007]);
        assert_eq!(buffer.peek(4_000_000).await.unwrap(), &bytes[7..]);
        assert!(buffer.ended());
    }
}
