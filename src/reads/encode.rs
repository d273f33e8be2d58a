//! Compression on the way out: which one a path's suffix asks for, and the threads that do it.
//!
//! What is written depends on the bytes and the level alone, never on the number of threads: blocks, jobs and streams are
//! cut by length. Nothing is compressed on the tasks of the pipeline.

use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::num::NonZero;
use std::ops::RangeInclusive;
use std::path::Path;

use async_compression::Level;
use async_compression::codecs::{EncodeV2, XzEncoder, ZstdEncoder};
use async_compression::core::util::{PartialBuffer, WriteBuffer};
use async_compression::zstd::CParameter;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinHandle};

use super::blocks::{self, Blocks};

/// What is gathered before a plain file is written to or a compressing thread gets it: both cost a hop to another thread.
pub(super) const BUFFER: usize = 256 * 1024;

/// What a codec writes at once.
pub(super) const ROOM: usize = 64 * 1024;

/// The bytes zstd gives to a thread at once. Left to itself it takes 8 MiB at level 3, for each thread and output.
const ZSTD_JOB: u32 = 4 << 20;

/// More threads than these are no faster than the rest of a run can be, and each takes its memory.
const MOST_ZSTD_THREADS: usize = 8;

/// The same of xz, whose threads take some 140 MB each at level 6.
const MOST_XZ_THREADS: usize = 4;

/// How an output is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// Not at all.
    Plain,
    /// BGZF, which every gzip tool reads.
    Bgzf,
    /// zstd, one frame with a checksum.
    Zstd,
    /// bzip2, a stream a block, as pbzip2 writes it.
    Bzip2,
    /// xz, one stream of several blocks.
    Xz,
}

/// The suffixes that ask for a codec.
const SUFFIXES: [(&str, Codec); 6] = [
    ("bam", Codec::Bgzf),
    ("gz", Codec::Bgzf),
    ("bgz", Codec::Bgzf),
    ("zst", Codec::Zstd),
    ("bz2", Codec::Bzip2),
    ("xz", Codec::Xz),
];

impl Codec {
    /// The codec a path's suffix asks for.
    ///
    /// ```
    /// use readseeker::reads::encode::Codec;
    /// assert_eq!(Codec::of("coding.fq.zst".as_ref()), Codec::Zstd);
    /// assert_eq!(Codec::of("coding.fq".as_ref()), Codec::Plain);
    /// ```
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let suffix = path.extension().unwrap_or_default();
        SUFFIXES.iter().find(|(of, _)| suffix.eq_ignore_ascii_case(of)).map_or(Self::Plain, |(_, codec)| *codec)
    }

    /// The levels it takes; none where nothing is compressed.
    #[must_use]
    pub fn levels(self) -> Option<RangeInclusive<u8>> {
        match self {
            Self::Plain => None,
            Self::Bgzf => Some(0..=12),
            Self::Zstd => Some(1..=22),
            Self::Bzip2 => Some(1..=9),
            Self::Xz => Some(0..=9),
        }
    }

    /// The level it takes unless told otherwise.
    #[must_use]
    pub fn default_level(self) -> u8 {
        match self {
            Self::Plain => 0,
            // A quarter of the time of level 6 for 8 % more bytes (workflows/benchmark/README.md): reads on their way to
            // the next step.
            Self::Bgzf => 1,
            Self::Xz => 6,
            Self::Zstd => 3,
            Self::Bzip2 => 9,
        }
    }
}

/// How outputs are compressed.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// How many threads compress one output at most.
    pub workers: NonZero<usize>,
    /// The level, within [`Codec::levels`]; each codec's own default when absent.
    pub level: Option<u8>,
}

impl Config {
    /// At most so many of its workers.
    fn workers(self, most: usize) -> u32 {
        u32::try_from(self.workers.get().min(most)).expect("a small number")
    }
}

/// An open file and what compresses on the way to it.
pub(super) enum Encoder {
    Blocks(Blocks),
    Stream(Stream),
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Blocks(_) => "Blocks",
            Self::Stream(_) => "Stream",
        })
    }
}

impl Encoder {
    pub(super) fn new(codec: Codec, config: Config, file: File) -> Self {
        let level = config.level.unwrap_or(codec.default_level());
        let blocks = |kind, file| Self::Blocks(Blocks::new(kind, config.workers, file));
        match codec {
            Codec::Plain => blocks(blocks::Kind::Plain, file),
            Codec::Bgzf => blocks(blocks::Kind::Bgzf(level), file),
            Codec::Bzip2 => blocks(blocks::Kind::Bzip2(level), file),
            Codec::Zstd => {
                let params = [
                    CParameter::nb_workers(config.workers(MOST_ZSTD_THREADS)),
                    CParameter::job_size(ZSTD_JOB),
                    CParameter::checksum_flag(true),
                ];
                Self::Stream(Stream::new(file, move || ZstdEncoder::new_with_params(level.into(), &params)))
            }
            Codec::Xz => {
                let threads = NonZero::new(config.workers(MOST_XZ_THREADS)).expect("of at least one");
                let level = Level::Precise(level.into());
                Self::Stream(Stream::new(file, move || XzEncoder::parallel(threads, level)))
            }
        }
    }

    /// Writes all of `bytes`, sooner or later.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Blocks(blocks) => blocks.write(bytes).await,
            Self::Stream(stream) => stream.write(bytes).await,
        }
    }

    /// Writes what is held back, and what ends a compressed file.
    pub(super) async fn finish(self) -> io::Result<()> {
        match self {
            Self::Blocks(blocks) => blocks.finish().await,
            Self::Stream(stream) => stream.finish().await,
        }
    }
}

/// One stream, made by a thread of its own with those its library starts.
pub(super) struct Stream {
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
    fn new<E: EncodeV2>(file: File, encoder: impl FnOnce() -> E + Send + 'static) -> Self {
        let (blocks, pieces) = mpsc::channel(2);
        let thread = tokio::task::spawn_blocking(move || compress(&mut encoder(), pieces, file));
        Self { blocks, thread, block: Vec::with_capacity(BUFFER) }
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.block.extend_from_slice(bytes);
        if self.block.len() < BUFFER {
            return Ok(());
        }
        let block = std::mem::replace(&mut self.block, Vec::with_capacity(BUFFER));
        self.send(Piece::Bytes(block)).await
    }

    async fn finish(mut self) -> io::Result<()> {
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

/// Compresses all of `bytes`; what the codec gives back at once is written, `room` at a time.
pub(super) fn encode(
    encoder: &mut dyn EncodeV2,
    bytes: &[u8],
    room: &mut [u8],
    into: &mut impl Write,
) -> io::Result<()> {
    let mut input = PartialBuffer::new(bytes);
    while !input.unwritten().is_empty() {
        let mut output = WriteBuffer::new_initialized(room);
        encoder.encode(&mut input, &mut output)?;
        into.write_all(output.written())?;
    }
    Ok(())
}

/// Ends the stream.
pub(super) fn end(encoder: &mut dyn EncodeV2, room: &mut [u8], into: &mut impl Write) -> io::Result<()> {
    loop {
        let mut output = WriteBuffer::new_initialized(room);
        let ended = encoder.finish(&mut output)?;
        into.write_all(output.written())?;
        if ended {
            return Ok(());
        }
    }
}

/// The result of a thread; a panic of it is a panic here.
pub(super) fn joined<T>(result: Result<io::Result<T>, JoinError>) -> io::Result<T> {
    match result.map_err(JoinError::try_into_panic) {
        Ok(result) => result,
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        Err(Err(_cancelled)) => Err(io::ErrorKind::Interrupted.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_suffix_names_the_codec() {
        let codec = |path: &str| Codec::of(path.as_ref());
        assert_eq!([codec("a.fq"), codec("-"), codec("gz")], [Codec::Plain; 3]);
        assert_eq!([codec("a.fq.gz"), codec("a.BGZ")], [Codec::Bgzf; 2]);
        assert_eq!([codec("a.zst"), codec("a.gz.bz2"), codec("a.tsv.xz")], [Codec::Zstd, Codec::Bzip2, Codec::Xz]);
    }
}
