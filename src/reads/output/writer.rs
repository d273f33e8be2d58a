//! An open output, which passes bytes through a codec.

use std::path::{Path, PathBuf};

use super::commit::Pending;
use super::failure::failed;
use super::place::open_file;
use crate::reads::Codec;
use crate::reads::codecs::encoder::{Encoder, EncoderConfig};
use crate::reads::error::Result;

/// Opens an output: `-` is stdout. The path's suffix selects the compression ([`Codec::of`]).
///
/// A regular file is written beside its place and put there by [`Pending::commit`]; pipes and devices are written to
/// directly.
pub async fn create(path: &Path, config: EncoderConfig) -> Result<(Writer, Pending)> {
    create_as(path, Codec::of(path), config).await
}

/// Opens an output that is always written as BGZF, for BAM.
pub async fn create_bgzf(path: &Path, config: EncoderConfig) -> Result<(Writer, Pending)> {
    create_as(path, Codec::Bgzf, config).await
}

async fn create_as(path: &Path, codec: Codec, config: EncoderConfig) -> Result<(Writer, Pending)> {
    let (file, pending) = open_file(path).await.map_err(|source| failed(path, source))?;
    let encoder = codec.encoder(config, file);
    Ok((Writer { path: path.to_owned(), encoder }, pending))
}

/// An output being written.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    encoder: Encoder,
}

impl Writer {
    /// Accepts all of `bytes`; they are written sooner or later.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.encoder.write(bytes).await.map_err(|source| failed(&self.path, source))
    }

    /// Writes what is still buffered, and the end of the compressed file.
    ///
    /// Errors of earlier writes may surface only here.
    pub async fn finish(self) -> Result<()> {
        self.encoder.finish().await.map_err(|source| failed(&self.path, source))
    }
}
