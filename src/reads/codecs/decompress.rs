//! Compression detected from the content of a file, and undone.

use std::num::NonZero;
use std::sync::Arc;

use super::codec::Codec;
use crate::reads::bytes::meter::Meter;
use crate::reads::bytes::window::{Bytes, Window};
use crate::reads::{InputCounts, Problem};

/// The decompressed content of `stored`, whose bytes are counted as their content is used.
pub(in crate::reads) async fn decompress(
    stored: Bytes,
    workers: NonZero<usize>,
    counts: Arc<InputCounts>,
) -> Result<(Codec, Window<Bytes>), Problem> {
    let mut stored = Window::new(stored).metered(Meter::Stored(counts));
    let codec = Codec::detect(stored.peek(Codec::MAGIC).await?)?;
    if codec == Codec::Plain {
        return Ok((codec, stored));
    }
    let (reach, meter) = stored.follow_decoder();
    let mut content = Window::new(codec.decoder(stored, workers, reach)).metered(meter);
    match Codec::detect(content.peek(Codec::MAGIC).await?) {
        Ok(Codec::Plain) => Ok((codec, content)),
        Ok(_) | Err(_) => Err(Problem::CompressedTwice),
    }
}
