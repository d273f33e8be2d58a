//! The reference sequences a CRAM was made with. They are looked up in an indexed FASTA file and compared with the
//! header's lengths and checksums, since the wrong ones would silently give wrong bases.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use md5::{Digest, Md5};
use noodles::core::Region;
use noodles::fasta::{self, io::indexed_reader};
use noodles::sam::Header;
use noodles::sam::header::record::value::map::reference_sequence::tag;

use super::fasta_index;
use crate::reads::{Codec, Problem};

/// Stands for a base of a sequence when there is no reference.
pub(in crate::reads) const UNKNOWN_BASE: u8 = 0;

/// Looks up reference sequences.
pub(in crate::reads) struct Reference {
    fasta: Option<(PathBuf, fasta::io::IndexedReader<fasta::io::BufReader<File>>)>,
    expected: HashMap<Vec<u8>, Expected>,
}

/// The length and checksum of a sequence according to the header.
struct Expected {
    length: usize,
    md5: Option<u128>,
}

impl Reference {
    pub(in crate::reads) fn open(path: Option<PathBuf>, header: &Header) -> Result<Self, Problem> {
        let fasta = match path {
            None => None,
            Some(path) => {
                check_compressed(&path)?;
                match indexed(&path) {
                    Ok(reader) => Some((path, reader)),
                    Err(source) => return Err(Problem::Reference { path, source }),
                }
            }
        };
        let expected = header.reference_sequences().iter().map(|(name, sequence)| {
            let md5 = sequence.other_fields().get(&tag::MD5_CHECKSUM);
            let md5 = md5.and_then(|hex| u128::from_str_radix(&hex.to_string(), 16).ok());
            (name.to_vec(), Expected { length: sequence.length().get(), md5 })
        });
        Ok(Self { fasta, expected: expected.collect() })
    }

    fn sequence(&mut self, name: &[u8]) -> Result<Vec<u8>, Problem> {
        let wrong = || Problem::WrongReference(String::from_utf8_lossy(name).into_owned());
        let expected = self.expected.get(name).ok_or_else(wrong)?;
        let Some((path, reader)) = &mut self.fasta else { return Ok(vec![UNKNOWN_BASE; expected.length]) };
        if !reader.index().as_ref().iter().any(|record| record.name() == name) {
            return Err(wrong());
        }
        let record = reader.query(&Region::new(name, ..));
        let record = record.map_err(|source| Problem::Reference { path: path.clone(), source })?;
        let mut bases = record.sequence().as_ref().to_vec();
        let md5 = |bases: &[u8]| u128::from_be_bytes(Md5::digest(bases).into());
        // Some tools compute the checksum of a soft-masked sequence without making it upper case.
        let as_it_is = md5(&bases);
        bases.make_ascii_uppercase();
        let other = expected.md5.is_some_and(|expected| expected != md5(&bases) && expected != as_it_is);
        if bases.len() != expected.length || other {
            return Err(wrong());
        }
        Ok(bases)
    }
}

impl fasta::repository::Adapter for Reference {
    fn get(&mut self, name: &[u8]) -> Option<io::Result<fasta::Record>> {
        let definition = fasta::record::Definition::new(name, None);
        let sequence = self.sequence(name).map_err(io::Error::other);
        Some(sequence.map(|bases| fasta::Record::new(definition, bases.into())))
    }
}

/// Opens a FASTA file with the index beside it. If there is none, indexes the file in passing, unless it is compressed.
fn indexed(path: &Path) -> io::Result<fasta::io::IndexedReader<fasta::io::BufReader<File>>> {
    let builder = indexed_reader::Builder::default();
    let compressed = path.extension().is_some_and(|suffix| suffix == "gz" || suffix == "bgz");
    if compressed || beside(path, "fai").exists() {
        builder.build_from_path(path)
    } else {
        builder.set_index(fasta_index::index(io::BufReader::new(File::open(path)?))?).build_from_path(path)
    }
}

/// Refuses a compressed reference that is not BGZF or that lacks an index: its sequences could not be looked up.
fn check_compressed(path: &Path) -> Result<(), Problem> {
    let problem = |source| Problem::Reference { path: path.to_owned(), source };
    // Sequences are looked up, so the file is read in any order, and more than once.
    if !path.metadata().map_err(problem)?.is_file() {
        return Err(problem(io::Error::other("it is not a regular file, in which sequences can be looked up")));
    }
    let mut start = Vec::new();
    File::open(path).map_err(problem)?.take(Codec::MAGIC as u64).read_to_end(&mut start).map_err(problem)?;
    match Codec::detect(&start)? {
        Codec::Plain => Ok(()),
        Codec::Bgzf => {
            let indexes = ["fai", "gzi"].map(|suffix| beside(path, suffix));
            match indexes.into_iter().find(|index| !index.exists()) {
                Some(index) => Err(Problem::ReferenceIndex { path: path.to_owned(), index }),
                None => Ok(()),
            }
        }
        codec => Err(Problem::ReferenceCodec { path: path.to_owned(), codec: codec.name() }),
    }
}

/// The path with one more suffix.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(".");
    name.push(suffix);
    name.into()
}
