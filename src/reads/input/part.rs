//! A part of an input: where some of the templates lie in its files. Reading a part is like reading shorter files.

use std::io::SeekFrom;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use crate::reads::bytes::window::{Bytes, Window};
use crate::reads::codecs::decompress::known;
use crate::reads::{Codec, InputCounts, Problem};

/// A part of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The place of the part in each of the files.
    pub places: Vec<Place>,
    /// The number of records before the part in each file.
    pub records_before: u64,
}

/// A range of a file that begins and ends between two records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: PathBuf,
    /// The codec of the file: plain or BGZF.
    pub codec: Codec,
    /// The offset of its first block in the file as stored, or of its first byte if the file is plain.
    pub stored: u64,
    /// The number of decompressed bytes of that block before the place.
    pub within: usize,
    /// The length of the place in decompressed bytes; `None` if it extends to the end of the file.
    pub length: Option<u64>,
    /// The approximate length of the place in stored bytes.
    pub stored_size: u64,
}

impl Part {
    /// The place of the part in the file at `path`.
    pub(in crate::reads) fn place(&self, path: &Path) -> Option<Place> {
        self.places.iter().find(|place| place.path == path).cloned()
    }

    /// The approximate number of stored bytes, in all files.
    #[must_use]
    pub fn stored_size(&self) -> u64 {
        self.places.iter().map(|place| place.stored_size).sum()
    }
}

impl Place {
    /// Opens the content of this place.
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
