//! What undoes each compression, off the pipeline's tasks.

use std::io;
use std::num::NonZero;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_compression::tokio::bufread::{BzDecoder, GzipDecoder, XzDecoder, ZstdDecoder};
use tokio::io::{AsyncRead, ReadBuf};

use super::bgzf_reader::BgzfReader;
use crate::reads::Problem;
use crate::reads::bytes::meter::Reach;
use crate::reads::bytes::relay::Relay;
use crate::reads::bytes::window::{Bytes, Window};

/// The most memory a zstd or xz file may ask its decoder for: zstd's own limit for a window, which every level of
/// either tool keeps but `zstd --long=28` and above and `xz --lzma2=dict=...`.
const LARGEST_WINDOW: u64 = 128 << 20;

/// What xz takes besides its window.
const XZ_OVERHEAD: u64 = 2 << 20;

/// gzip in blocks.
pub(super) fn bgzf(stored: Window<Bytes>, workers: NonZero<usize>, reach: Arc<Reach>) -> Bytes {
    Box::new(BgzfReader::new(stored, workers, reach))
}

/// gzip of any number of members.
pub(super) fn gzip(stored: Window<Bytes>, _workers: NonZero<usize>, reach: Arc<Reach>) -> Bytes {
    let mut decoder = GzipDecoder::new(stored);
    decoder.multiple_members(true);
    Box::new(Relay::reading(decoder, reach))
}

/// zstd of any number of frames. The library itself limits its window.
pub(super) fn zstd(stored: Window<Bytes>, _workers: NonZero<usize>, reach: Arc<Reach>) -> Bytes {
    let mut decoder = ZstdDecoder::new(stored);
    decoder.multiple_members(true);
    Box::new(Relay::reading(Sorted(decoder), reach))
}

/// bzip2 of any number of streams.
pub(super) fn bzip2(stored: Window<Bytes>, _workers: NonZero<usize>, reach: Arc<Reach>) -> Bytes {
    let mut decoder = BzDecoder::new(stored);
    decoder.multiple_members(true);
    Box::new(Relay::reading(decoder, reach))
}

/// xz of any number of streams.
pub(super) fn xz(stored: Window<Bytes>, _workers: NonZero<usize>, reach: Arc<Reach>) -> Bytes {
    let mut decoder = XzDecoder::with_mem_limit(stored, LARGEST_WINDOW + XZ_OVERHEAD);
    decoder.multiple_members(true);
    Box::new(Relay::reading(Sorted(decoder), reach))
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
