//! Passes bytes from a thread that makes them to a task that reads them, through a bounded channel. Decoders that
//! compute for milliseconds at a time must not block the threads of the pipeline's tasks.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::meter::Reach;
use super::piece::Piece;

/// The size of a chunk in bytes.
pub(in crate::reads) const CHUNK: usize = 128 * 1024;

/// The number of chunks that may wait: the thread makes one while another is read.
const WAITING: usize = 2;

/// The reading end of the channel.
pub(in crate::reads) struct Relay {
    chunks: mpsc::Receiver<io::Result<Vec<u8>>>,
    piece: Piece,
    ended: bool,
}

/// The writing end of the channel.
pub(in crate::reads) struct Feed {
    chunks: mpsc::Sender<io::Result<Vec<u8>>>,
    reach: Arc<Reach>,
}

/// The reader is gone, so the thread may stop.
pub(in crate::reads) struct Unread;

impl Feed {
    /// Runs `make`, then sends the end or its error.
    fn run(self, make: impl FnOnce(&Self) -> io::Result<()>) {
        // An empty chunk marks the end; a channel that closes without one means that the thread died.
        let end = make(&self).map(|()| Vec::new());
        let _unread = self.chunks.blocking_send(end);
    }

    /// Sends a chunk, once there is room for it. Empty chunks are skipped.
    pub(in crate::reads) fn give(&self, chunk: Vec<u8>) -> Result<(), Unread> {
        if chunk.is_empty() {
            return Ok(());
        }
        self.reach.made(chunk.len());
        self.chunks.blocking_send(Ok(chunk)).map_err(|_closed| Unread)
    }
}

impl Relay {
    /// Runs `make` on a blocking thread. The relay reads what it feeds, and at the end its error. `reach` tracks its
    /// progress.
    pub(in crate::reads) fn of(reach: Arc<Reach>, make: impl FnOnce(&Feed) -> io::Result<()> + Send + 'static) -> Self {
        let (sender, chunks) = mpsc::channel(WAITING);
        tokio::task::spawn_blocking(move || Feed { chunks: sender, reach }.run(make));
        Self { chunks, piece: Piece::default(), ended: false }
    }

    /// Runs `make` on a new thread with this name and stack size.
    pub(in crate::reads) fn on_thread(
        name: &str,
        stack: usize,
        reach: Arc<Reach>,
        make: impl FnOnce(&Feed) -> io::Result<()> + Send + 'static,
    ) -> io::Result<Self> {
        let (sender, chunks) = mpsc::channel(WAITING);
        let builder = std::thread::Builder::new().name(name.to_owned()).stack_size(stack);
        builder.spawn(move || Feed { chunks: sender, reach }.run(make))?;
        Ok(Self { chunks, piece: Piece::default(), ended: false })
    }

    /// Reads the output of `decoder`, which runs on a blocking thread.
    pub(in crate::reads) fn reading(mut decoder: impl AsyncRead + Send + Unpin + 'static, reach: Arc<Reach>) -> Self {
        let runtime = Handle::current();
        Self::of(reach, move |feed| {
            loop {
                // The thread must not wait for a silent pipe once the reader has stopped.
                let chunk = runtime.block_on(async {
                    tokio::select! {
                        chunk = read_chunk(&mut decoder) => chunk,
                        () = feed.chunks.closed() => Ok(Vec::new()),
                    }
                })?;
                if chunk.is_empty() || feed.give(chunk).is_err() {
                    return Ok(());
                }
            }
        })
    }
}

/// Reads what is available, up to a whole chunk; empty at the end.
async fn read_chunk(source: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut chunk = vec![0; CHUNK];
    let len = source.read(&mut chunk).await?;
    chunk.truncate(len);
    Ok(chunk)
}

impl AsyncRead for Relay {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.piece.is_used_up() && !self.ended {
            self.piece = match ready!(self.chunks.poll_recv(cx)) {
                Some(chunk) => Piece::new(chunk?),
                None => return Poll::Ready(Err(io::Error::other("the thread that decodes it ended early"))),
            };
            self.ended = self.piece.is_used_up();
        }
        self.piece.fill(into);
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_fed_is_read_in_order_and_the_error_comes_last() {
        let mut relay = Relay::of(Arc::default(), |feed| {
            for n in 0..100_u8 {
                let _unread = feed.give(vec![n; 1000]);
            }
            Err(io::ErrorKind::UnexpectedEof.into())
        });
        let mut bytes = Vec::new();
        let error = relay.read_to_end(&mut bytes).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert!(bytes.iter().map(|&n| usize::from(n)).eq((0..100_000).map(|at| at / 1000)));
    }

    #[tokio::test]
    async fn a_maker_that_dies_is_an_error_and_not_an_end() {
        let mut relay = Relay::of(Arc::default(), |feed| {
            let _unread = feed.give(vec![1]);
            std::panic::resume_unwind(Box::new(()))
        });
        assert!(relay.read_to_end(&mut Vec::new()).await.is_err());
    }

    #[tokio::test]
    async fn a_maker_nobody_reads_stops() {
        let (sender, stopped) = tokio::sync::oneshot::channel();
        let relay = Relay::of(Arc::default(), move |feed| {
            while feed.give(vec![0; CHUNK]).is_ok() {}
            sender.send(()).map_err(|()| io::ErrorKind::Other.into())
        });
        drop(relay);
        stopped.await.unwrap();
    }
}
