//! Compresses outputs on threads of their own: nothing is compressed on the tasks of the pipeline.
//!
//! The output depends on the bytes and the level alone, never on the number of threads: blocks, jobs and streams are
//! cut by length.

use std::fmt;
use std::fs::File;
use std::io;
use std::num::NonZero;

use async_compression::Level;
use async_compression::codecs::{XzEncoder, ZstdEncoder};
use async_compression::zstd::CParameter;

use super::blocks::{BlockCodec, Blocks};
use super::stream::Stream;

/// The bytes zstd gives to a thread at once. By default it takes 8 MiB at level 3, for each thread and output.
const ZSTD_JOB: u32 = 4 << 20;

/// The most threads for zstd: more are no faster than the rest of a run can be, and each takes memory.
pub(super) const MOST_ZSTD_THREADS: usize = 8;

/// The most threads for xz, each of which takes some 140 MB at level 6.
pub(super) const MOST_XZ_THREADS: usize = 4;

/// How outputs are compressed.
#[derive(Clone, Copy, Debug)]
pub struct EncoderConfig {
    /// The most threads that compress one output.
    pub workers: NonZero<usize>,
    /// The level, within [`Codec::levels`](crate::reads::Codec::levels); the codec's default if absent.
    pub level: Option<u8>,
}

impl EncoderConfig {
    /// The number of workers, but no more than `most`.
    fn workers(self, most: usize) -> u32 {
        u32::try_from(self.workers.get().min(most)).expect("a small number")
    }
}

/// Compresses and writes to an open file.
pub(in crate::reads) enum Encoder {
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
    /// Accepts all of `bytes`; they are written sooner or later.
    pub(in crate::reads) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Blocks(blocks) => blocks.write(bytes).await,
            Self::Stream(stream) => stream.write(bytes).await,
        }
    }

    /// Writes what is still buffered and the end of the compressed file.
    pub(in crate::reads) async fn finish(self) -> io::Result<()> {
        match self {
            Self::Blocks(blocks) => blocks.finish().await,
            Self::Stream(stream) => stream.finish().await,
        }
    }
}

/// Creates an encoder that does not compress.
pub(super) fn plain(_level: u8, config: EncoderConfig, file: File) -> Encoder {
    Encoder::Blocks(Blocks::new(BlockCodec::Plain, config.workers, file))
}

/// Creates an encoder for BGZF.
pub(super) fn bgzf(level: u8, config: EncoderConfig, file: File) -> Encoder {
    Encoder::Blocks(Blocks::new(BlockCodec::Bgzf(level), config.workers, file))
}

/// Creates an encoder for bzip2, with one stream per block.
pub(super) fn bzip2(level: u8, config: EncoderConfig, file: File) -> Encoder {
    Encoder::Blocks(Blocks::new(BlockCodec::Bzip2(level), config.workers, file))
}

/// Creates an encoder for one zstd frame with a checksum.
pub(super) fn zstd(level: u8, config: EncoderConfig, file: File) -> Encoder {
    let params = [
        CParameter::nb_workers(config.workers(MOST_ZSTD_THREADS)),
        CParameter::job_size(ZSTD_JOB),
        CParameter::checksum_flag(true),
    ];
    Encoder::Stream(Stream::new(file, move || ZstdEncoder::new_with_params(level.into(), &params)))
}

/// Creates an encoder for one xz stream.
pub(super) fn xz(level: u8, config: EncoderConfig, file: File) -> Encoder {
    let threads = NonZero::new(config.workers(MOST_XZ_THREADS)).expect("of at least one");
    let level = Level::Precise(level.into());
    Encoder::Stream(Stream::new(file, move || XzEncoder::parallel(threads, level)))
}
