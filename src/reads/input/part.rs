//! A part of an input: where in its files some of the templates lie. What is read of it is a shorter file.

use std::io::SeekFrom;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use crate::reads::bytes::window::{Bytes, Window};
use crate::reads::codecs::decompress::known;
use crate::reads::{Codec, InputCounts, Problem};

/// Where some of the templates of an input lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// In each of its files.
    pub places: Vec<Place>,
    /// The records before them, in each file.
    pub records_before: u64,
}

/// A stretch of a file that begins and ends between two records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: PathBuf,
    /// Plain or BGZF.
    pub codec: Codec,
    /// Where its first block, or its first byte, is in the file as stored.
    pub stored: u64,
    /// Bytes of that block, decompressed, that come before it.
    pub within: usize,
    /// Its bytes, decompressed; none where it reaches to the end of the file.
    pub length: Option<u64>,
    /// Bytes as stored, or nearly.
    pub stored_size: u64,
}

impl Part {
    /// Where it lies in one of its files.
    pub(in crate::reads) fn place(&self, path: &Path) -> Option<Place> {
        self.places.iter().find(|place| place.path == path).cloned()
    }

    /// Bytes of all its files as stored, or nearly.
    #[must_use]
    pub fn stored_size(&self) -> u64 {
        self.places.iter().map(|place| place.stored_size).sum()
    }
}

impl Place {
    /// The records in it.
    pub(in crate::reads) async fn content(
        &self,
        workers: NonZero<usize>,
        counts: Arc<InputCounts>,
    ) -> Result<Window<Bytes>, Problem> {
        let mut file = File::open(&self.path).await.map_err(Problem::Io)?;
        file.seek(SeekFrom::Start(self.stored)).await.map_err(Problem::Io)?;
        let mut content = known(self.codec, &self.path, Box::new(file), workers, counts);
        if content.peek(self.within).await?.len() < self.within {
            return Err(Problem::Changed);
        }
        content.skip(self.within);
        Ok(match self.length {
            None => content,
            Some(length) => Window::new(Box::new(content.take(length)) as Bytes),
        })
    }
}
