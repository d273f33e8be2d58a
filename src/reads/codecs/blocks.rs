//! Writes an output as blocks, of one length if they are compressed. Several are made at once and written in order.
//!
//! The thread that makes a block also writes it, once the previous one has handed it the file. Blocks reuse each
//! other's memory: the kernel clears new memory before it is used.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::num::NonZero;

use async_compression::Level;
use async_compression::codecs::BzEncoder;
use async_compression::codecs::bzip2::params::Bzip2EncoderParams;
use tokio::io::AsyncWriteExt;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::bgzf_blocks::{self, EOF_BLOCK};
use super::step::{BUFFER, ROOM, encode, end, joined};

/// The number of BGZF blocks that a thread gets at once: at least a millisecond of work, so that the cost of handing
/// over is negligible.
const BGZF_BLOCKS: usize = 4;

/// Gathers bytes into blocks and has threads compress and write them.
pub(in crate::reads) struct Blocks {
    codec: BlockCodec,
    workers: usize,
    block: Block,
    in_flight: VecDeque<JoinHandle<io::Result<Block>>>,
    free: Vec<Block>,
    /// Receives the file once the last block is written.
    file: oneshot::Receiver<File>,
}

/// How the bytes of a block are encoded.
#[derive(Clone, Copy)]
pub(super) enum BlockCodec {
    /// The bytes as they are.
    Plain,
    /// BGZF at this level.
    Bgzf(u8),
    /// A bzip2 stream per block, at this level.
    Bzip2(u8),
}

impl BlockCodec {
    /// The size of a block in bytes.
    fn size(self) -> usize {
        match self {
            Self::Plain => BUFFER,
            Self::Bgzf(_) => bgzf_blocks::BLOCK * BGZF_BLOCKS,
            // What one block of bzip2 holds: with a byte more, each stream would have a second, tiny block.
            Self::Bzip2(level) => usize::from(level) * 100_000 - 20,
        }
    }

    /// The number of threads that are useful: for plain bytes one, which waits for the disk.
    fn workers(self, most: NonZero<usize>) -> usize {
        if matches!(self, Self::Plain) { 1 } else { most.get() }
    }

    /// The bytes that end a file, if any.
    fn end(self) -> &'static [u8] {
        if matches!(self, Self::Bgzf(_)) { &EOF_BLOCK } else { &[] }
    }
}

impl Blocks {
    pub(super) fn new(codec: BlockCodec, workers: NonZero<usize>, file: File) -> Self {
        let (hand_over, turn) = oneshot::channel();
        hand_over.send(file).expect("the receiver is here");
        let (in_flight, free) = (VecDeque::new(), Vec::new());
        Self { codec, workers: codec.workers(workers), block: Block::new(codec), in_flight, free, file: turn }
    }

    pub(super) async fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        let size = self.codec.size();
        // Plain bytes are the same however they are cut, and each block is a hop to another thread.
        if matches!(self.codec, BlockCodec::Plain) && self.block.bytes.len() + bytes.len() >= size {
            self.block.bytes.extend_from_slice(bytes);
            return self.submit().await;
        }
        while self.block.bytes.len() + bytes.len() >= size {
            let (now, later) = bytes.split_at(size - self.block.bytes.len());
            self.block.bytes.extend_from_slice(now);
            bytes = later;
            self.submit().await?;
        }
        self.block.bytes.extend_from_slice(bytes);
        Ok(())
    }

    pub(super) async fn finish(mut self) -> io::Result<()> {
        // An empty file is one empty stream of bzip2; of BGZF it is the end marker alone.
        if !self.block.bytes.is_empty() || matches!(self.codec, BlockCodec::Bzip2(_)) {
            self.submit().await?;
        }
        while !self.in_flight.is_empty() {
            self.reclaim().await?;
        }
        let mut file = tokio::fs::File::from_std(self.file.await.map_err(io::Error::other)?);
        file.write_all(self.codec.end()).await?;
        file.flush().await
    }

    /// Hands the block to a thread, after waiting for one if all workers are busy.
    async fn submit(&mut self) -> io::Result<()> {
        let is_done = |first: &JoinHandle<_>| first.is_finished();
        while self.in_flight.len() >= self.workers || self.in_flight.front().is_some_and(is_done) {
            self.reclaim().await?;
        }
        let next = self.free.pop().unwrap_or_else(|| Block::new(self.codec));
        let block = std::mem::replace(&mut self.block, next);
        let (hand_over, turn) = oneshot::channel();
        let turn = std::mem::replace(&mut self.file, turn);
        self.in_flight.push_back(tokio::task::spawn_blocking(move || block.make(turn, hand_over)));
        Ok(())
    }

    /// Waits for the oldest block in flight and takes its memory back.
    async fn reclaim(&mut self) -> io::Result<()> {
        let Some(first) = self.in_flight.pop_front() else { return Ok(()) };
        self.free.push(joined(first.await)?);
        Ok(())
    }
}

/// The bytes of a block, and what compresses them.
struct Block {
    bytes: Vec<u8>,
    compressed: Vec<u8>,
    compressor: Compressor,
}

impl Block {
    fn new(codec: BlockCodec) -> Self {
        let compressor = match codec {
            BlockCodec::Plain => Compressor::None,
            BlockCodec::Bgzf(level) => Compressor::Bgzf(bgzf_blocks::Compressor::new(level)),
            BlockCodec::Bzip2(level) => Compressor::Bzip2(Level::Precise(level.into())),
        };
        Self { bytes: Vec::with_capacity(codec.size()), compressed: Vec::new(), compressor }
    }

    /// Compresses the block, writes it when its `turn` has come, and hands the file over to the next block.
    fn make(mut self, turn: oneshot::Receiver<File>, next: oneshot::Sender<File>) -> io::Result<Self> {
        let made = self.compressor.compress(&self.bytes, &mut self.compressed)?;
        // If the sender was dropped, the block before failed, and its error is the one to report.
        let mut file = turn.blocking_recv().map_err(|_dropped| io::ErrorKind::BrokenPipe)?;
        file.write_all(made)?;
        let _nobody_waits = next.send(file); // the run has failed
        self.bytes.clear();
        self.compressed.clear();
        Ok(self)
    }
}

/// Encodes the bytes of a block.
enum Compressor {
    None,
    Bgzf(bgzf_blocks::Compressor),
    Bzip2(Level),
}

impl Compressor {
    /// Returns what to write for `bytes`: either `bytes` themselves or `room`, which is filled.
    fn compress<'a>(&mut self, bytes: &'a [u8], room: &'a mut Vec<u8>) -> io::Result<&'a [u8]> {
        match self {
            Self::None => return Ok(bytes),
            Self::Bgzf(compressor) => compressor.compress(bytes, room)?,
            Self::Bzip2(level) => bzip2(bytes, *level, room)?,
        }
        Ok(room)
    }
}

/// Appends `bytes` as one bzip2 stream.
fn bzip2(bytes: &[u8], level: Level, into: &mut Vec<u8>) -> io::Result<()> {
    let mut encoder = BzEncoder::new(Bzip2EncoderParams::from(level), 0);
    let mut room = vec![0; ROOM];
    encode(&mut encoder, bytes, &mut room, into)?;
    end(&mut encoder, &mut room, into)
}
