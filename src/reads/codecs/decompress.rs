//! Detects the compression of a file from its content, and decompresses it.

use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;

use super::codec::Codec;
use super::source::Source;
use crate::reads::bytes::meter::Meter;
use crate::reads::bytes::window::{Bytes, Window};
use crate::reads::{InputCounts, Problem};

/// Decompresses `stored`, the file at `path`, whose bytes are counted as their content is used.
pub(in crate::reads) async fn decompress(
    path: &Path,
    stored: Bytes,
    workers: NonZero<usize>,
    counts: Arc<InputCounts>,
) -> Result<(Codec, Window<Bytes>), Problem> {
    let mut stored = metered(stored, &counts);
    let codec = Codec::detect(stored.peek(Codec::MAGIC).await?)?;
    let mut content = decoded(codec, path, stored, workers, counts);
    if codec == Codec::Plain {
        // An empty file is cut if its name promises compression or CRAM: even empty content takes some bytes then.
        let is_cram = path.extension().is_some_and(|suffix| suffix.eq_ignore_ascii_case("cram"));
        let is_cut = (is_cram || Codec::of(path) != Codec::Plain) && content.peek(1).await?.is_empty();
        return if is_cut { Err(Problem::Cut) } else { Ok((codec, content)) };
    }
    match Codec::detect(content.peek(Codec::MAGIC).await?) {
        Ok(Codec::Plain) => Ok((codec, content)),
        Ok(_) | Err(_) => Err(Problem::CompressedTwice),
    }
}

/// Decompresses `stored` with a known codec; it may begin in the middle of a file.
pub(in crate::reads) fn known(
    codec: Codec,
    path: &Path,
    stored: Bytes,
    workers: NonZero<usize>,
    counts: Arc<InputCounts>,
) -> Window<Bytes> {
    let stored = metered(stored, &counts);
    decoded(codec, path, stored, workers, counts)
}

fn metered(stored: Bytes, counts: &Arc<InputCounts>) -> Window<Bytes> {
    Window::new(stored).metered(Meter::Stored(Arc::clone(counts)))
}

fn decoded(
    codec: Codec,
    path: &Path,
    mut stored: Window<Bytes>,
    workers: NonZero<usize>,
    counts: Arc<InputCounts>,
) -> Window<Bytes> {
    if codec == Codec::Plain {
        return stored;
    }
    let (reach, meter) = stored.follow_decoder();
    let source = Source { stored, workers, reach, path: path.into(), counts };
    Window::new(codec.decoder(source)).metered(meter)
}
