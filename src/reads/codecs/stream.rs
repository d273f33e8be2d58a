//! Writes an output as one compressed stream, on a thread of its own and those that its library starts.

use std::fs::File;
use std::io::{self, Write};

use async_compression::codecs::EncodeV2;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::step::{BUFFER, ROOM, encode, end, joined};

/// An output that is one compressed stream.
pub(in crate::reads) struct Stream {
    blocks: mpsc::Sender<Piece>,
    thread: JoinHandle<io::Result<()>>,
    block: Vec<u8>,
}

/// A message to the compressing thread.
enum Piece {
    Bytes(Vec<u8>),
    /// The end of the stream. A channel that closes without it means that the run failed: a cut stream must look cut.
    End,
}

impl Stream {
    pub(super) fn new<E: EncodeV2>(file: File, encoder: impl FnOnce() -> E + Send + 'static) -> Self {
        let (blocks, pieces) = mpsc::channel(2);
        let thread = tokio::task::spawn_blocking(move || compress(&mut encoder(), pieces, file));
        Self { blocks, thread, block: Vec::with_capacity(BUFFER) }
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.block.extend_from_slice(bytes);
        if self.block.len() < BUFFER {
            return Ok(());
        }
        let block = std::mem::replace(&mut self.block, Vec::with_capacity(BUFFER));
        self.send(Piece::Bytes(block)).await
    }

    pub(super) async fn finish(mut self) -> io::Result<()> {
        let rest = std::mem::take(&mut self.block);
        self.send(Piece::Bytes(rest)).await?;
        self.send(Piece::End).await?;
        joined(self.thread.await)
    }

    async fn send(&mut self, piece: Piece) -> io::Result<()> {
        if self.blocks.send(piece).await.is_ok() {
            return Ok(());
        }
        // The thread stopped before it was told to, so its error says why.
        joined((&mut self.thread).await).and(Err(io::ErrorKind::BrokenPipe.into()))
    }
}

/// Compresses all pieces into `file`.
fn compress(encoder: &mut dyn EncodeV2, mut pieces: mpsc::Receiver<Piece>, mut file: File) -> io::Result<()> {
    let mut room = vec![0; ROOM];
    while let Some(piece) = pieces.blocking_recv() {
        match piece {
            Piece::Bytes(bytes) => encode(encoder, &bytes, &mut room, &mut file)?,
            Piece::End => {
                end(encoder, &mut room, &mut file)?;
                return file.flush();
            }
        }
    }
    Ok(())
}
