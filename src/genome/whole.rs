//! Files that hold sequences and their annotation: GenBank, EMBL, and GFF3 with a `##FASTA` section.

use super::annotation::{Annotation, Gff};
use super::flat_file::FlatFile;
use super::windows::Sequence;
use crate::reads::{self, Lines};

/// What is read as one of the formats.
enum Reader {
    Flat(FlatFile),
    Gff(Gff),
    /// Behind the annotation of a GFF3: its sequences, as far as they are read.
    Fasta(Gff, Vec<(String, Vec<u8>)>),
}

impl Sequence {
    /// Reads a file that holds sequences and their annotation; also how many sequences it does not annotate, which are
    /// left out.
    ///
    /// # Errors
    /// For a file that is damaged, or is of another format.
    pub async fn read_all(lines: &mut Lines) -> reads::Result<(Vec<Self>, usize)> {
        let mut reader = None;
        while let Some(line) = lines.next().await? {
            let so_far = reader.take().map_or_else(|| Reader::of(line), Ok);
            match so_far.and_then(|reader| reader.add(line)) {
                Ok(next) => reader = Some(next),
                Err(what) => return Err(lines.refuse(what)),
            }
        }
        reader.map_or_else(|| Err("the file is empty".to_owned()), Reader::finish).map_err(|what| lines.refuse(what))
    }
}

impl Reader {
    /// One for a file that begins with this line.
    fn of(line: &[u8]) -> Result<Self, String> {
        match line {
            line if FlatFile::starts_with(line) => Ok(Self::Flat(FlatFile::default())),
            [b'>', ..] => Err("expected GenBank, EMBL or GFF3 with sequences, found FASTA".to_owned()),
            _ => Ok(Self::Gff(Gff::default())),
        }
    }

    fn add(mut self, line: &[u8]) -> Result<Self, String> {
        match &mut self {
            Self::Flat(file) => file.add(line)?,
            Self::Gff(_) if line == b"##FASTA" => {
                let Self::Gff(gff) = self else { unreachable!("it is one") };
                return Ok(Self::Fasta(gff, Vec::new()));
            }
            Self::Gff(gff) => gff.add(line)?,
            Self::Fasta(_, sequences) => match (line, sequences.last_mut()) {
                ([b'>', header @ ..], _) => {
                    let name = header.split(u8::is_ascii_whitespace).next().unwrap_or_default();
                    sequences.push((String::from_utf8_lossy(name).into_owned(), Vec::new()));
                }
                (line, Some((_, bases))) => bases.extend(line.trim_ascii().to_ascii_uppercase()),
                ([], None) => {}
                _ => return Err("expected the header of a FASTA record".to_owned()),
            },
        }
        Ok(self)
    }

    fn finish(self) -> Result<(Vec<Sequence>, usize), String> {
        match self {
            Self::Flat(file) => Ok((file.finish()?, 0)),
            Self::Gff(_) => Err("the file has no ##FASTA section: there is no sequence to draw from".to_owned()),
            Self::Fasta(Gff(mut annotations), sequences) => {
                let all = sequences.len();
                let annotated = sequences.into_iter().filter_map(|(name, bases)| {
                    let annotation: Annotation = annotations.remove(&name)?;
                    Some(Sequence { name, bases, annotation })
                });
                let annotated: Vec<_> = annotated.collect();
                let unknown = all - annotated.len();
                Ok((annotated, unknown))
            }
        }
    }
}
