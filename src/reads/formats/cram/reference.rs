//! The reference sequences a CRAM was made with: looked up in an indexed FASTA file, and compared with what the header
//! says of them, since the wrong ones would silently give wrong bases.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::PathBuf;

use md5::{Digest, Md5};
use noodles::core::Region;
use noodles::fasta::{self, io::indexed_reader};
use noodles::sam::Header;
use noodles::sam::header::record::value::map::reference_sequence::tag;

use crate::reads::Problem;

/// What stands for the bases of a sequence when there is no reference.
pub(in crate::reads) const UNKNOWN_BASE: u8 = 0;

/// Where sequences come from.
pub(in crate::reads) struct Reference {
    fasta: Option<(PathBuf, fasta::io::IndexedReader<fasta::io::BufReader<File>>)>,
    expected: HashMap<Vec<u8>, Expected>,
}

/// What a header says of a sequence.
struct Expected {
    length: usize,
    md5: Option<u128>,
}

impl Reference {
    pub(in crate::reads) fn open(path: Option<PathBuf>, header: &Header) -> Result<Self, Problem> {
        let fasta = match path {
            None => None,
            Some(path) => match indexed(&path) {
                Ok(reader) => Some((path, reader)),
                Err(source) => return Err(Problem::Reference { path, source }),
            },
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
        bases.make_ascii_uppercase();
        let md5 = || u128::from_be_bytes(Md5::digest(&bases).into());
        if bases.len() != expected.length || expected.md5.is_some_and(|expected| expected != md5()) {
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

/// A FASTA file and its index: the one beside it, or one made in passing where the file is not compressed.
fn indexed(path: &PathBuf) -> io::Result<fasta::io::IndexedReader<fasta::io::BufReader<File>>> {
    let builder = indexed_reader::Builder::default();
    let mut index = path.clone().into_os_string();
    index.push(".fai");
    let compressed = path.extension().is_some_and(|suffix| suffix == "gz" || suffix == "bgz");
    if compressed || PathBuf::from(index).exists() {
        builder.build_from_path(path)
    } else {
        builder.set_index(fasta::fs::index(path)?).build_from_path(path)
    }
}
