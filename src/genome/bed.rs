//! Reads coding ranges from BED, besides GFF3 and GTF. Pure.

use std::collections::HashMap;

use super::annotation::{Annotation, Gff, Part};
use crate::prediction::Strand;
use crate::reads::{self, Lines};

/// The format of a file of coding ranges, as far as it is known.
enum Format {
    /// Only comments have been read so far.
    Unknown(Gff),
    Gff(Gff),
    Bed(HashMap<String, Annotation>),
}

impl Annotation {
    /// Reads GFF3, GTF or BED and returns the annotation of each sequence by name. BED has no phase, so that reads in
    /// its ranges have no known frame.
    pub async fn read_ranges(lines: &mut Lines) -> reads::Result<HashMap<String, Self>> {
        let mut format = Format::Unknown(Gff::default());
        while let Some(line) = lines.next().await? {
            if line == b"##FASTA" {
                break;
            }
            format = match format.with(line) {
                Ok(format) => format,
                Err(what) => return Err(lines.refuse(what)),
            };
        }
        Ok(format.finish())
    }
}

impl Format {
    fn finish(self) -> HashMap<String, Annotation> {
        match self {
            Self::Unknown(gff) | Self::Gff(gff) => gff.0,
            Self::Bed(annotations) => annotations,
        }
    }

    fn with(self, line: &[u8]) -> Result<Self, String> {
        let is_remark =
            line.is_empty() || [&b"#"[..], b"track", b"browser"].iter().any(|start| line.starts_with(start));
        match self {
            Self::Unknown(mut gff) if is_remark => {
                // Directives of GFF3 may name sequences.
                if line.starts_with(b"#") {
                    gff.add(line)?;
                }
                Ok(Self::Unknown(gff))
            }
            Self::Unknown(gff) if range(line).is_some() => Self::Bed(gff.0).with(line),
            Self::Unknown(gff) => Self::Gff(gff).with(line),
            Self::Gff(mut gff) => gff.add(line).map(|()| Self::Gff(gff)),
            Self::Bed(annotations) if is_remark => Ok(Self::Bed(annotations)),
            Self::Bed(mut annotations) => {
                let (name, range) = range(line).ok_or("expected a name and two rising positions, as in BED")?;
                let part = Part { range, strand: Strand::Plus, phase: None };
                annotations.entry(name).or_default().parts.push(part);
                Ok(Self::Bed(annotations))
            }
        }
    }
}

/// Parses the sequence and the range in a line of BED; columns after the third are ignored.
fn range(line: &[u8]) -> Option<(String, std::ops::Range<usize>)> {
    let mut columns = std::str::from_utf8(line).ok()?.split('\t');
    let (name, start, end) = (columns.next()?, columns.next()?.parse().ok()?, columns.next()?.trim_end().parse().ok()?);
    (start <= end).then(|| (name.to_owned(), start..end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<HashMap<String, Annotation>, String> {
        let format = Format::Unknown(Gff::default());
        Ok(text.lines().try_fold(format, |format, line| format.with(line.as_bytes()))?.finish())
    }

    #[test]
    fn bed_and_gff_say_the_same_in_their_own_numbers() {
        let bed = read("track name=x\n#c\nchr1\t0\t9\tgene\t0\t+\nchr2\t5\t6\n").unwrap();
        let gff =
            read("##gff-version 3\nchr1\tx\tCDS\t1\t9\t.\t+\t0\tID=1\nchr2\tx\tCDS\t6\t6\t.\t+\t0\tID=2\n").unwrap();
        for (name, range) in [("chr1", 0..9), ("chr2", 5..6)] {
            assert_eq!((&bed[name].parts[0].range, &gff[name].parts[0].range), (&range, &range));
        }
        assert_eq!(read("##sequence-region chr3 1 50\n").unwrap()["chr3"], Annotation::default());
    }

    #[test]
    fn what_is_neither_is_refused() {
        for (text, problem) in [("chr1\t1\t5\nchr1\t9\t5\n", "as in BED"), ("chr1\t9\n", "nine columns")] {
            let found = read(text).unwrap_err();
            assert!(found.contains(problem), "{text}: {found}");
        }
    }
}
