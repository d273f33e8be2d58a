//! Compression told by content, and the checks noodles leaves to its caller: is the file whole?

use std::io;
use std::num::NonZero;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use async_compression::tokio::bufread::{BzDecoder, GzipDecoder, XzDecoder, ZstdDecoder};
use noodles::bgzf;
use tokio::io::{AsyncRead, ReadBuf};

use super::buffer::Buffer;
use super::relay::Relay;
use super::stored::{Meter, Reach};
use super::{InputCounts, Problem};

/// A stream of bytes from a file, pipe or decoder.
pub(super) type Bytes = Box<dyn AsyncRead + Send + Unpin>;

/// The empty block that ends every BGZF file (SAM specification, 4.1.2).
pub(super) const EOF_BLOCK: [u8; 28] = [
    0x1f, 0x8b, 0x08, 0x04, 0, 0, 0, 0, 0, 0xff, 0x06, 0, 0x42, 0x43, 0x02, 0, 0x1b, 0, 0x03, 0, 0, 0, 0, 0, 0, 0, 0, 0,
];

/// How many bytes tell a compression.
const MAGIC: usize = 18;

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    /// Not at all.
    None,
    /// gzip of one or many members.
    Gzip,
    /// gzip in blocks, as bgzip and samtools write it.
    Bgzf,
    /// zstd of one or many frames, skippable ones among them.
    Zstd,
    /// bzip2 of one or many streams.
    Bzip2,
    /// xz of one or many streams, with or without padding.
    Xz,
}

/// The most memory a zstd or xz file may ask its decoder for: zstd's own limit for a window, which every level of
/// either tool keeps but `zstd --long=28` and above and `xz --lzma2=dict=...`.
const LARGEST_WINDOW: u64 = 128 << 20;

/// What xz takes besides its window.
const XZ_OVERHEAD: u64 = 2 << 20;

/// The decompressed content of `stored`, whose bytes are counted as their content is used.
pub(super) async fn decompress(
    stored: Bytes,
    workers: NonZero<usize>,
    counts: Arc<InputCounts>,
) -> Result<(Compression, Buffer<Bytes>), Problem> {
    let mut stored = Buffer::new(stored).metered(Meter::Stored(counts));
    let compression = detect(stored.peek(MAGIC).await?)?;
    if compression == Compression::None {
        return Ok((compression, stored));
    }
    let (reach, meter) = stored.follow_decoder();
    let mut content = Buffer::new(decoder(compression, stored, workers, reach)).metered(meter);
    match detect(content.peek(MAGIC).await?) {
        Ok(Compression::None) => Ok((compression, content)),
        Ok(_) | Err(_) => Err(Problem::CompressedTwice),
    }
}

/// What is in `stored`; `reach` says how far it is.
fn decoder(compression: Compression, stored: Buffer<Bytes>, workers: NonZero<usize>, reach: Arc<Reach>) -> Bytes {
    match compression {
        Compression::None => Box::new(stored),
        Compression::Bgzf => Box::new(Bgzf::new(stored, workers, reach)),
        Compression::Gzip => {
            let mut decoder = GzipDecoder::new(stored);
            decoder.multiple_members(true);
            Box::new(Relay::reading(decoder, reach))
        }
        Compression::Zstd => {
            // Its window is limited by the library itself.
            let mut decoder = ZstdDecoder::new(stored);
            decoder.multiple_members(true);
            Box::new(Relay::reading(Sorted(decoder), reach))
        }
        Compression::Bzip2 => {
            let mut decoder = BzDecoder::new(stored);
            decoder.multiple_members(true);
            Box::new(Relay::reading(decoder, reach))
        }
        Compression::Xz => {
            let mut decoder = XzDecoder::with_mem_limit(stored, LARGEST_WINDOW + XZ_OVERHEAD);
            decoder.multiple_members(true);
            Box::new(Relay::reading(Sorted(decoder), reach))
        }
    }
}

fn detect(start: &[u8]) -> Result<Compression, Problem> {
    let refuse = |name, tool| Err(Problem::Compression { name, tool });
    match start {
        // A frame, or a skippable one: pzstd starts with that.
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Ok(Compression::Zstd),
        // A block, or the end of a stream that is empty.
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, ..]
        | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, ..] => Ok(Compression::Bzip2),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Ok(Compression::Xz),
        [0x04, 0x22, 0x4d, 0x18, ..] => refuse("lz4", "lz4cat"),
        [b'P', b'K', 3, 4, ..] => refuse("zip", "unzip -p"),
        [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => refuse("7z", "7z x -so"),
        [0x1f, 0x9d, ..] => refuse("compress (.Z)", "zcat"),
        // Flags with an extra field of 6 bytes, which is "BC": the one layout noodles reads, and every tool writes.
        [0x1f, 0x8b, 8, 4, _, _, _, _, _, _, 6, 0, b'B', b'C', 2, 0, ..] => Ok(Compression::Bgzf),
        [0x1f, 0x8b, ..] => Ok(Compression::Gzip),
        _ => Ok(Compression::None),
    }
}

/// A decoder whose errors say what they are: the libraries have codes for them, but only words reach us.
struct Sorted<D>(D);

impl<D: AsyncRead + Unpin> AsyncRead for Sorted<D> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, into).map_err(|error| {
            let words = error.to_string();
            if words.contains("too much memory") || words.contains("memory limit") {
                io::Error::other(Problem::Window { most: LARGEST_WINDOW >> 20 })
            } else if error.kind() == io::ErrorKind::OutOfMemory {
                // How async-compression has liblzma's LZMA_BUF_ERROR: no input left, and no end seen.
                io::ErrorKind::UnexpectedEof.into()
            } else {
                error
            }
        })
    }
}

/// noodles' BGZF reader, and an error where the file ends without its end marker.
///
/// noodles takes a file cut between two blocks for a whole one: only the marker tells them apart.
struct Bgzf {
    inner: bgzf::r#async::io::Reader<Tail>,
    reach: Arc<Reach>,
    content: u64,
}

impl Bgzf {
    fn new(stored: Buffer<Bytes>, workers: NonZero<usize>, reach: Arc<Reach>) -> Self {
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

impl AsyncRead for Bgzf {
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
    inner: Buffer<Bytes>,
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
