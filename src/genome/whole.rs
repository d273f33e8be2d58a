//! Reads files that hold sequences and their annotation: GenBank, EMBL, and GFF3 with a `##FASTA` section.

use super::annotation::Gff;
use super::flat_file::FlatFile;
use super::windows::Sequence;
use crate::reads::{self, Lines};

/// The reader of a file, chosen by its format.
enum Reader {
    Flat(FlatFile),
    /// The annotation, and once `##FASTA` has been read, the names and bases of the sequences after it.
    Gff(Gff, Option<Vec<(String, Vec<u8>)>>),
}

impl Sequence {
    /// Reads a file with sequences and their annotation. Also returns how many sequences have no annotation, which are
    /// left out.
    ///
    /// # Errors
    /// If the file is damaged or in another format.
    pub async fn read_all(lines: &mut Lines) -> reads::Result<(Vec<Self>, usize)> {
        let mut reader = None;
        while let Some(line) = lines.next().await? {
            if let Err(what) = Reader::add_to(&mut reader, line) {
                return Err(lines.refuse(what));
            }
        }
        reader.map_or_else(|| Err("the file is empty".to_owned()), Reader::finish).map_err(|what| lines.refuse(what))
    }
}

impl Reader {
    /// The reader for a file that begins with this line.
    fn of(line: &[u8]) -> Result<Self, String> {
        match line {
            line if FlatFile::starts_with(line) => Ok(Self::Flat(FlatFile::default())),
            [b'>', ..] => Err("found FASTA without an annotation: it needs one beside it, or a file that holds both (GenBank, EMBL, GFF3 with sequences)".to_owned()),
            _ => Ok(Self::Gff(Gff::default(), None)),
        }
    }

    /// Adds a line to the reader, which is chosen by the first line.
    fn add_to(reader: &mut Option<Self>, line: &[u8]) -> Result<(), String> {
        let reader = match reader {
            Some(reader) => reader,
            None => reader.insert(Self::of(line)?),
        };
        reader.add(line)
    }

    fn add(&mut self, line: &[u8]) -> Result<(), String> {
        match self {
            Self::Flat(file) => file.add(line),
            Self::Gff(_, sequences @ None) if line == b"##FASTA" => {
                *sequences = Some(Vec::new());
                Ok(())
            }
            Self::Gff(gff, None) => gff.add(line),
            Self::Gff(_, Some(sequences)) => add_fasta(sequences, line),
        }
    }

    fn finish(self) -> Result<(Vec<Sequence>, usize), String> {
        match self {
            Self::Flat(file) => Ok((file.finish()?, 0)),
            Self::Gff(_, None) => Err("the file has no ##FASTA section: there is no sequence to draw from".to_owned()),
            Self::Gff(Gff(mut annotations), Some(sequences)) => {
                let all = sequences.len();
                let mut annotated = Vec::new();
                for (name, bases) in sequences {
                    if let Some(annotation) = annotations.remove(&name) {
                        annotated.push(Sequence::annotated(name, bases, annotation)?);
                    }
                }
                let unknown = all - annotated.len();
                Ok((annotated, unknown))
            }
        }
    }
}

fn add_fasta(sequences: &mut Vec<(String, Vec<u8>)>, line: &[u8]) -> Result<(), String> {
    match (line, sequences.last_mut()) {
        ([b'>', header @ ..], _) => sequences.push((Sequence::name_of(header), Vec::new())),
        (line, Some((_, bases))) => bases.extend(line.trim_ascii().to_ascii_uppercase()),
        ([], None) => {}
        _ => return Err("expected the header of a FASTA record".to_owned()),
    }
    Ok(())
}
