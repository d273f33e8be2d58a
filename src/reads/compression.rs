//! Compression told by content, and the checks noodles leaves to its caller: is the file whole?

use std::io;
use std::num::NonZero;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use async_compression::tokio::bufread::GzipDecoder;
use noodles::bgzf;
use tokio::io::{AsyncRead, ReadBuf};

use super::buffer::Buffer;
use super::{InputCounts, Problem};

/// A stream of bytes from a file, pipe or decoder.
pub(super) type Bytes = Box<dyn AsyncRead + Send + Unpin>;

/// The empty block that ends every BGZF file (SAM specification, 4.1.2).
const EOF_BLOCK: [u8; 28] = [
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
}

/// The decompressed content of `stored`, whose bytes are counted as they are read.
pub(super) async fn decompress(
    stored: Bytes,
    workers: NonZero<usize>,
    counts: Arc<InputCounts>,
) -> Result<(Compression, Buffer<Bytes>), Problem> {
    let counted: Bytes = Box::new(Counted { inner: stored, counts });
    let mut stored = Buffer::new(counted);
    let compression = detect(stored.peek(MAGIC).await?)?;
    let content: Bytes = match compression {
        Compression::None => return Ok((compression, stored)),
        Compression::Bgzf => Box::new(Bgzf::new(stored, workers)),
        Compression::Gzip => {
            let mut decoder = GzipDecoder::new(stored);
            decoder.multiple_members(true);
            Box::new(decoder)
        }
    };
    let mut content = Buffer::new(content);
    match detect(content.peek(MAGIC).await?)? {
        Compression::None => Ok((compression, content)),
        Compression::Gzip | Compression::Bgzf => Err(Problem::CompressedTwice),
    }
}

fn detect(start: &[u8]) -> Result<Compression, Problem> {
    let refuse = |name, tool| Err(Problem::Compression { name, tool });
    match start {
        [0x28, 0xb5, 0x2f, 0xfd, ..] => refuse("zstd", "zstdcat"),
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, ..] => refuse("bzip2", "bzcat"),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => refuse("xz", "xzcat"),
        [0x04, 0x22, 0x4d, 0x18, ..] => refuse("lz4", "lz4cat"),
        [b'P', b'K', 3, 4, ..] => refuse("zip", "unzip -p"),
        // Flags with an extra field of 6 bytes, which is "BC": the one layout noodles reads, and every tool writes.
        [0x1f, 0x8b, 8, 4, _, _, _, _, _, _, 6, 0, b'B', b'C', 2, 0, ..] => Ok(Compression::Bgzf),
        [0x1f, 0x8b, ..] => Ok(Compression::Gzip),
        _ => Ok(Compression::None),
    }
}

/// Adds up the bytes read through it.
struct Counted {
    inner: Bytes,
    counts: Arc<InputCounts>,
}

impl AsyncRead for Counted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, into))?;
        self.counts.stored_bytes.add((into.filled().len() - before) as u64);
        Poll::Ready(Ok(()))
    }
}

/// noodles' BGZF reader, and an error where the file ends without its end marker.
///
/// noodles takes a file cut between two blocks for a whole one: only the marker tells them apart.
struct Bgzf {
    inner: bgzf::r#async::io::Reader<Tail>,
}

impl Bgzf {
    fn new(stored: Buffer<Bytes>, workers: NonZero<usize>) -> Self {
        let tail = Tail { inner: stored, last: Vec::with_capacity(2 * EOF_BLOCK.len()), ended: false };
        let builder = bgzf::r#async::io::reader::Builder::default();
        Self { inner: builder.set_worker_count(workers).build_from_reader(tail) }
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
