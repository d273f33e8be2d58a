//! The decoder of each codec, off the pipeline's tasks.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_compression::tokio::bufread::{BzDecoder, XzDecoder, ZstdDecoder};
use tokio::io::{AsyncRead, ReadBuf};

use super::bgzf_reader::BgzfReader;
use super::gzip_members::members;
use super::source::Source;
use crate::reads::Problem;
use crate::reads::bytes::relay::Relay;
use crate::reads::bytes::window::Bytes;

/// The most memory that a zstd or xz file may ask its decoder for: zstd's own limit for a window. All levels of either
/// tool stay below it, but `zstd --long=28` and above and `xz --lzma2=dict=...` may not.
const LARGEST_WINDOW: u64 = 128 << 20;

/// The memory xz needs besides its window.
const XZ_OVERHEAD: u64 = 2 << 20;

/// Decodes gzip in blocks.
pub(super) fn bgzf(source: Source) -> Bytes {
    Box::new(BgzfReader::new(source))
}

/// Decodes gzip of any number of members.
pub(super) fn gzip(Source { stored, reach, .. }: Source) -> Bytes {
    members(stored, reach)
}

/// Decodes zstd of any number of frames. The library itself limits the window.
pub(super) fn zstd(Source { stored, reach, .. }: Source) -> Bytes {
    let mut decoder = ZstdDecoder::new(stored);
    decoder.multiple_members(true);
    Box::new(Relay::reading(Sorted(decoder), reach))
}

/// Decodes bzip2 of any number of streams.
pub(super) fn bzip2(Source { stored, reach, .. }: Source) -> Bytes {
    let mut decoder = BzDecoder::new(stored);
    decoder.multiple_members(true);
    Box::new(Relay::reading(decoder, reach))
}

/// Decodes xz of any number of streams.
pub(super) fn xz(Source { stored, reach, .. }: Source) -> Bytes {
    let mut decoder = XzDecoder::with_mem_limit(stored, LARGEST_WINDOW + XZ_OVERHEAD);
    decoder.multiple_members(true);
    Box::new(Relay::reading(Sorted(decoder), reach))
}

/// Wraps a decoder to make its errors specific.
struct Sorted<D>(D);

impl<D: AsyncRead + Unpin> AsyncRead for Sorted<D> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, into).map_err(|error| {
            if wants_too_much(&error) {
                io::Error::other(Problem::Window { most: LARGEST_WINDOW >> 20 })
            } else if error.kind() == io::ErrorKind::OutOfMemory {
                // async-compression reports liblzma's LZMA_BUF_ERROR this way: no input left, and no end seen.
                io::ErrorKind::UnexpectedEof.into()
            } else {
                error
            }
        })
    }
}

/// Whether a decoder failed because it needs more memory than allowed.
fn wants_too_much(error: &io::Error) -> bool {
    let Some(cause) = error.get_ref() else { return false };
    match cause.downcast_ref::<liblzma::stream::Error>() {
        Some(cause) => *cause == liblzma::stream::Error::MemLimit,
        // async-compression passes on only the name of a zstd error.
        None => cause.to_string() == zstd_safe::get_error_name(window_too_large()),
    }
}

/// zstd's error code for a window larger than the decoder may allocate.
fn window_too_large() -> usize {
    let code = zstd_safe::zstd_sys::ZSTD_ErrorCode::ZSTD_error_frameParameter_windowTooLarge;
    0_usize.wrapping_sub(code as usize)
}
