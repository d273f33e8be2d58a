//! Reads two pipes in lock step, both of which one program may write: it may fill one while we wait for the other. So
//! while one pipe has no data, the other is read ahead, up to a bound.

use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};
use tokio::sync::{Notify, mpsc};

use super::piece::Piece;
use super::window::Bytes;
use crate::reads::InputCounts;

/// The number of bytes of a pipe that are read ahead in any case.
const LITTLE: usize = 256 * 1024;

/// The size of a read in bytes: as much as a pipe holds.
const CHUNK: usize = 64 * 1024;

/// How long a file may keep the other one waiting before the user is told.
const PATIENCE: Duration = Duration::from_secs(5);

/// Stands for the number of bytes ready: this file is never waited for.
const NOT_WAITED_FOR: usize = usize::MAX;

/// One of the two files.
pub(in crate::reads) struct Side {
    shared: Arc<Shared>,
    index: usize,
}

/// The state that the two sides share.
struct Shared {
    /// Bytes of each file that were read and not used yet.
    ready: [AtomicUsize; 2],
    used: Notify,
    most: usize,
    patience: Duration,
}

/// Creates the two sides of a pair of files, of which up to `most` bytes are read ahead.
pub(in crate::reads) fn pair(most: u64) -> [Side; 2] {
    sides(most, PATIENCE)
}

fn sides(most: u64, patience: Duration) -> [Side; 2] {
    let most = usize::try_from(most).unwrap_or(NOT_WAITED_FOR - 1);
    let shared =
        Arc::new(Shared { ready: [AtomicUsize::new(0), AtomicUsize::new(0)], used: Notify::new(), most, patience });
    [0, 1].map(|index| Side { shared: Arc::clone(&shared), index })
}

impl Side {
    /// Marks this file as one that is never waited for: a regular file, or one that has ended.
    pub(in crate::reads) fn never_waits(&self) {
        self.own().store(NOT_WAITED_FOR, Ordering::Relaxed);
    }

    /// Reads the pipe at `path` ahead, in a task of its own.
    pub(in crate::reads) fn reading(self, pipe: Bytes, path: PathBuf, counts: Arc<InputCounts>) -> Bytes {
        let (sender, chunks) = mpsc::unbounded_channel();
        let shared = Arc::clone(&self.shared);
        let index = self.index;
        tokio::spawn(self.read_all(pipe, sender, path, counts));
        Box::new(Ahead { chunks, piece: Piece::default(), ended: false, shared, index })
    }

    async fn read_all(
        self,
        mut pipe: Bytes,
        chunks: mpsc::UnboundedSender<io::Result<Vec<u8>>>,
        path: PathBuf,
        counts: Arc<InputCounts>,
    ) {
        let mut room = vec![0; CHUNK];
        loop {
            let read = self.patiently(pipe.read(&mut room), &path, &counts).await;
            let chunk = read.map(|len| room[..len].to_vec());
            let len = chunk.as_ref().map_or(0, Vec::len);
            if len == 0 {
                self.never_waits();
            } else {
                self.own().fetch_add(len, Ordering::Relaxed);
            }
            if chunks.send(chunk).is_err() || len == 0 {
                return;
            }
            tokio::select! {
                () = self.may_go_on() => {}
                () = chunks.closed() => return,
            }
        }
    }

    /// Runs `read`, which opens or reads the file. Tells the user if it takes long while the other file waits.
    pub(in crate::reads) async fn patiently<T>(
        &self,
        read: impl Future<Output = T>,
        path: &Path,
        counts: &InputCounts,
    ) -> T {
        let mut read = std::pin::pin!(read);
        let mut told = false;
        let read = loop {
            tokio::select! {
                read = &mut read => break read,
                () = tokio::time::sleep(self.shared.patience) => {
                    let waits = |ready: &AtomicUsize| matches!(ready.load(Ordering::Relaxed), 1..NOT_WAITED_FOR);
                    if !waits(self.own()) && waits(self.other()) {
                        counts.waits_for(Some(path));
                        told = true;
                    }
                }
            }
        };
        if told {
            counts.waits_for(None);
        }
        read
    }

    /// Waits until few bytes of this file are unused, or none of the other.
    async fn may_go_on(&self) {
        loop {
            let mut used = std::pin::pin!(self.shared.used.notified());
            used.as_mut().enable();
            let own = self.own().load(Ordering::Relaxed);
            let other_is_empty = self.other().load(Ordering::Relaxed) == 0;
            if own < LITTLE || (other_is_empty && own < self.shared.most) {
                return;
            }
            used.await;
        }
    }

    fn own(&self) -> &AtomicUsize {
        &self.shared.ready[self.index]
    }

    fn other(&self) -> &AtomicUsize {
        &self.shared.ready[1 - self.index]
    }
}

/// A pipe that is read ahead, as its reader sees it.
struct Ahead {
    chunks: mpsc::UnboundedReceiver<io::Result<Vec<u8>>>,
    piece: Piece,
    ended: bool,
    shared: Arc<Shared>,
    index: usize,
}

impl AsyncRead for Ahead {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.piece.is_used_up() && !this.ended {
            let chunk = match ready!(this.chunks.poll_recv(cx)) {
                Some(chunk) => chunk?,
                None => return Poll::Ready(Err(io::Error::other("the task that reads it ended early"))),
            };
            this.ended = chunk.is_empty();
            if !this.ended {
                this.shared.ready[this.index].fetch_sub(chunk.len(), Ordering::Relaxed);
                this.shared.used.notify_waiters();
            }
            this.piece = Piece::new(chunk);
        }
        this.piece.fill(into);
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    /// The reading ends of two pipes, and their writing ends.
    fn pipes(most: u64) -> ([Bytes; 2], [tokio::io::DuplexStream; 2], Arc<InputCounts>) {
        let counts = Arc::new(InputCounts::default());
        let [(one, one_end), (other, other_end)] = [tokio::io::duplex(1000), tokio::io::duplex(1000)];
        let [first, second] = sides(most, Duration::from_millis(1));
        let read = |side: Side, end, name: &str| side.reading(Box::new(end), name.into(), Arc::clone(&counts));
        ([read(first, one_end, "one"), read(second, other_end, "other")], [one, other], counts)
    }

    #[tokio::test]
    async fn a_writer_that_is_far_ahead_with_one_pipe_gets_on() {
        let ([mut first, mut second], [mut one, mut other], _) = pipes(4 << 20);
        let writer = tokio::spawn(async move {
            one.write_all(&vec![1; 3 << 20]).await.unwrap();
            other.write_all(&[2; 10]).await.unwrap();
        });
        let mut start = [0; 10];
        second.read_exact(&mut start).await.unwrap();
        writer.await.unwrap();
        let mut all = Vec::new();
        first.read_to_end(&mut all).await.unwrap();
        assert_eq!((start, all.len()), ([2; 10], 3 << 20));
    }

    #[tokio::test]
    async fn no_more_than_allowed_is_read_ahead_and_who_is_waited_for_is_told() {
        let ([_first, mut second], [mut one, mut other], counts) = pipes(1 << 20);
        let writing = tokio::spawn(async move { one.write_all(&vec![1; 3 << 20]).await });
        let mut start = [0; 2];
        while counts.waiting_for() != Some("other".into()) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(!writing.is_finished());
        other.write_all(b"ab").await.unwrap();
        second.read_exact(&mut start).await.unwrap();
        assert_eq!((&start, counts.waiting_for()), (b"ab", None));
    }

    #[tokio::test]
    async fn nothing_is_read_ahead_of_a_file_that_nobody_waits_for() {
        let counts = Arc::new(InputCounts::default());
        let (mut one, end) = tokio::io::duplex(1000);
        let [first, second] = pair(4 << 20);
        second.never_waits();
        let _reading = first.reading(Box::new(end), "one".into(), counts);
        let much = vec![1; 3 << 20];
        let writing = tokio::time::timeout(Duration::from_millis(200), one.write_all(&much));
        assert!(writing.await.is_err());
    }
}
