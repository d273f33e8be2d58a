//! The steps shared by compression in blocks and compression of one stream.

use std::io::{self, Write};

use async_compression::codecs::EncodeV2;
use async_compression::core::util::{PartialBuffer, WriteBuffer};
use tokio::task::JoinError;

/// Bytes gathered before they are written to a plain file or sent to a compressing thread: either takes a hop to
/// another thread.
pub(super) const BUFFER: usize = 256 * 1024;

/// The size of a codec's output buffer in bytes.
pub(super) const ROOM: usize = 64 * 1024;

/// Compresses all of `bytes` and writes what the codec returns so far, `room` at a time.
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

/// Finishes the compressed stream.
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

/// The result of a thread; a panic of the thread is resumed here.
pub(super) fn joined<T>(result: Result<io::Result<T>, JoinError>) -> io::Result<T> {
    match result.map_err(JoinError::try_into_panic) {
        Ok(result) => result,
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        Err(Err(_cancelled)) => Err(io::ErrorKind::Interrupted.into()),
    }
}
