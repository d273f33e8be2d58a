//! Compression detected from the content of a file, and undone.

use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;

use super::codec::Codec;
use super::source::Source;
use crate::reads::bytes::meter::Meter;
use crate::reads::bytes::window::{Bytes, Window};
use crate::reads::{InputCounts, Problem};

/// The decompressed content of `stored`, the file at `path`, whose bytes are counted as their content is used.
pub(in crate::reads) async fn decompress(
    path: &Path,
    stored: Bytes,
    workers: NonZero<usize>,
    counts: Arc<InputCounts>,
) -> Result<(Codec, Window<Bytes>), Problem> {
    let mut stored = Window::new(stored).metered(Meter::Stored(Arc::clone(&counts)));
    let codec = Codec::detect(stored.peek(Codec::MAGIC).await?)?;
    if codec == Codec::Plain {
        return Ok((codec, stored));
    }
    let (reach, meter) = stored.follow_decoder();
    let source = Source { stored, workers, reach, path: path.into(), counts };
    let mut content = Window::new(codec.decoder(source)).metered(meter);
    match Codec::detect(content.peek(Codec::MAGIC).await?) {
        Ok(Codec::Plain) => Ok((codec, content)),
        Ok(_) | Err(_) => Err(Problem::CompressedTwice),
    }
}
