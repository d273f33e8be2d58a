//! An output as one stream: compressed by a thread of its own, with those its library starts.

use std::fs::File;
use std::io::{self, Write};

use async_compression::codecs::EncodeV2;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::step::{BUFFER, ROOM, encode, end, joined};

/// One stream, made by a thread of its own with those its library starts.
pub(in crate::reads) struct Stream {
    blocks: mpsc::Sender<Piece>,
    thread: JoinHandle<io::Result<()>>,
    block: Vec<u8>,
}

/// What a compressing thread is told.
enum Piece {
    Bytes(Vec<u8>),
    /// All is written. A channel that merely closes is a run that failed: a stream cut short must look like one.
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
        // It stopped before it was told to: its error says why.
        joined((&mut self.thread).await).and(Err(io::ErrorKind::BrokenPipe.into()))
    }
}

/// Compresses all pieces into a file.
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
