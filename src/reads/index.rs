//! The index of an input: places in its files between two templates, so that a shard reads only its own part.
//!
//! Not every place is kept: the longer the input, the farther apart they are, so that an index stays small.

mod blocks;
mod build;
mod marks;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::{Error, Result};
use super::input::part::{Part, Place};
use super::input::settings::{Input, Inputs};
use super::{Codec, Problem, name_hash};
use crate::paths::read_whole;
pub use build::build;

/// The version of the index format, which changes with the meaning of its numbers.
const VERSION: u32 = 1;

/// The number of bytes at either end of a file that are hashed to tell it from other files.
const ENDS: u64 = 4096;

/// The places at which an input can be cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// The version; the name of this field tells an index from other JSON.
    #[serde(rename = "readseeker_index")]
    version: u32,
    /// The number of templates: records of one name in a BAM, records or pairs in other files.
    templates: u64,
    files: Vec<Indexed>,
    cuts: Vec<Cut>,
}

/// A file of the input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Indexed {
    name: String,
    size: u64,
    /// A hash of the file's first and last bytes.
    ends: String,
    bgzf: bool,
}

/// A place between two templates: how many templates and records come before it, and where it is in each file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Cut(u64, u64, Vec<Spot>);

/// A place in a file: the offset of its block, or its own in an uncompressed file; the decompressed bytes before it in
/// the block; the decompressed bytes before it in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Spot(u64, usize, u64);

impl Index {
    /// The index as it is stored.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("it holds nothing JSON cannot") + "\n"
    }

    /// Reads an index and checks that it is for these inputs.
    ///
    /// # Errors
    /// If the file is no index, or one of other files.
    pub fn open(path: &Path, inputs: &Inputs) -> Result<Self> {
        let error = |problem| Error::Input { input: path.to_owned(), at: None, problem };
        let text = read_whole(path).map_err(|failed| error(Problem::Io(failed)))?;
        let index: Self = serde_json::from_slice(&text).map_err(|_| error(Problem::NoIndex))?;
        let files: Vec<&Path> = inputs.paths().collect();
        if index.version != VERSION || index.cuts.is_empty() {
            return Err(error(Problem::NoIndex));
        }
        let other = |path: &Path| error(Problem::OtherIndex { path: path.to_owned() });
        if files.len() != index.files.len() || !is_one_lane(inputs) {
            return Err(other(files.first().copied().unwrap_or(Path::new("-"))));
        }
        for (file, indexed) in files.into_iter().zip(&index.files) {
            let found =
                Indexed::of(file, indexed.bgzf).map_err(|failed| super::input::open::error(file, failed.into()))?;
            if (found.size, &found.ends) != (indexed.size, &indexed.ends) {
                return Err(other(file));
            }
        }
        Ok(index)
    }

    /// The number of templates in the input.
    #[must_use]
    pub fn templates(&self) -> u64 {
        self.templates
    }

    /// The smallest range of templates between cuts that starts and ends at or before `wanted` does, and where it lies
    /// in the files.
    #[must_use]
    pub fn part(&self, wanted: &Range<u64>, inputs: &Inputs) -> (Range<u64>, Part) {
        let (start, end) = (self.cut(wanted.start), self.cut(wanted.end));
        let first = &self.cuts[start.unwrap_or(0)];
        let last = end.map(|end| &self.cuts[end]);
        let places = inputs.paths().zip(&self.files).enumerate().map(|(n, (path, file))| {
            let (Spot(stored, within, position), end) = (first.2[n], last.map(|last| last.2[n]));
            // From the last cut on, the part is empty or goes on to the end of the file.
            let (stored, within, length) = match start {
                Some(_) => (stored, within, end.map(|end| end.2 - position)),
                None => (stored, within, Some(0)),
            };
            Place {
                path: path.to_owned(),
                codec: if file.bgzf { Codec::Bgzf } else { Codec::Plain },
                stored,
                within,
                length,
                stored_size: end.map_or(file.size, |end| end.0).saturating_sub(stored),
            }
        });
        let part = Part { places: places.collect(), records_before: first.1 };
        let before = |cut: Option<usize>| cut.map_or(self.templates, |cut| self.cuts[cut].0);
        (before(start)..before(end), part)
    }

    /// The last cut with at most `templates` templates before it; `None` at the end of the input.
    fn cut(&self, templates: u64) -> Option<usize> {
        if templates >= self.templates {
            return None;
        }
        Some(self.cuts.partition_point(|cut| cut.0 <= templates).saturating_sub(1))
    }
}

/// Whether there is one file, or two that are read side by side.
fn is_one_lane(inputs: &Inputs) -> bool {
    match inputs {
        Inputs::Files(files) => files.len() <= 2,
        Inputs::Lanes(lanes) => matches!(&lanes[..], [Input::Single(_) | Input::Pair(..)]),
    }
}

impl Indexed {
    fn of(path: &Path, bgzf: bool) -> std::io::Result<Self> {
        let mut file = File::open(path)?;
        let size = file.metadata()?.len();
        let mut ends = Vec::new();
        for start in [0, size.saturating_sub(ENDS)] {
            file.seek(SeekFrom::Start(start))?;
            Read::by_ref(&mut file).take(ENDS).read_to_end(&mut ends)?;
        }
        let name = path.file_name().map_or_else(PathBuf::new, PathBuf::from);
        let name = name.to_string_lossy().into_owned();
        Ok(Self { name, size, ends: format!("{:016x}", name_hash(None, &ends)), bgzf })
    }
}
