//! The steps that compressing in blocks and compressing one stream share.

use std::io::{self, Write};

use async_compression::codecs::EncodeV2;
use async_compression::core::util::{PartialBuffer, WriteBuffer};
use tokio::task::JoinError;

/// What is gathered before a plain file is written to or a compressing thread gets it: both cost a hop to another thread.
pub(super) const BUFFER: usize = 256 * 1024;

/// What a codec writes at once.
pub(super) const ROOM: usize = 64 * 1024;

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
