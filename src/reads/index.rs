//! Where in its files an input can be cut between two templates: so that a shard reads its own part alone.
//!
//! Places are kept every so many templates, the more the longer the input is, so that an index stays small.

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

/// Changes with what the numbers mean.
const VERSION: u32 = 1;

/// Bytes at either end of a file that tell it from another one.
const ENDS: u64 = 4096;

/// Where an input can be cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// By its name a file is told from other JSON.
    #[serde(rename = "readseeker_index")]
    version: u32,
    /// How many templates there are: records of one name in a BAM, records or pairs in other files.
    templates: u64,
    files: Vec<Indexed>,
    cuts: Vec<Cut>,
}

/// One of its files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Indexed {
    name: String,
    size: u64,
    /// A hash of its ends.
    ends: String,
    bgzf: bool,
}

/// A place between two templates: how many templates and records come before it, and where it is in each file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Cut(u64, u64, Vec<Spot>);

/// A place in a file: its block's first byte, or its own in a file that is not compressed; bytes before it in the block,
/// decompressed; bytes before it in the file, decompressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Spot(u64, usize, u64);

impl Index {
    /// As it is stored.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("it holds nothing JSON cannot") + "\n"
    }

    /// Reads an index, and finds that it is one of these inputs.
    ///
    /// # Errors
    /// If it is none, or that of other files.
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

    /// How many templates there are.
    #[must_use]
    pub fn templates(&self) -> u64 {
        self.templates
    }

    /// The templates between two cuts, those nearest before these templates, and where they lie in the files.
    #[must_use]
    pub fn part(&self, wanted: &Range<u64>, inputs: &Inputs) -> (Range<u64>, Part) {
        let (start, end) = (self.cut(wanted.start), self.cut(wanted.end));
        let first = &self.cuts[start.unwrap_or(0)];
        let last = end.map(|end| &self.cuts[end]);
        let places = inputs.paths().zip(&self.files).enumerate().map(|(n, (path, file))| {
            let (Spot(stored, within, position), end) = (first.2[n], last.map(|last| last.2[n]));
            // From the last cut on nothing is left, or all.
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

    /// The last cut with no more templates before it; none at the end.
    fn cut(&self, templates: u64) -> Option<usize> {
        if templates >= self.templates {
            return None;
        }
        Some(self.cuts.partition_point(|cut| cut.0 <= templates).saturating_sub(1))
    }
}

/// Whether the files are read side by side, or there is one.
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
