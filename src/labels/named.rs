//! Reads with the truth in their headers, as `readseeker reads` writes them into FASTQ and as converters keep it:
//! `read1 label=1 coded_fraction=0.633 frame=-2 group=g origin=chr1:301-390:-`.

use super::read::{Read, bases, frame, is_coding, share};
use crate::reads::{self, Lines};

/// Parses FASTQ with four lines a record, or FASTA.
#[derive(Debug)]
pub(super) struct Named {
    is_fastq: bool,
    /// The first line of the next record.
    header: Option<Vec<u8>>,
}

impl Named {
    /// Creates a parser if the first line is that of FASTQ or FASTA. SAM starts with `@` too, but two letters and a tab
    /// follow.
    pub(super) fn starting_with(line: &[u8]) -> Option<Self> {
        let is_fastq = match line {
            [b'>', ..] => false,
            [b'@', _, _, b'\t', ..] => return None,
            [b'@', ..] => true,
            _ => return None,
        };
        Some(Self { is_fastq, header: Some(line.to_vec()) })
    }

    /// The next read; `None` at the end of the file.
    pub(super) async fn next(&mut self, lines: &mut Lines) -> reads::Result<Option<Read>> {
        let Some(header) = self.header.take() else { return Ok(None) };
        let read = truth(&header).map_err(|what| lines.refuse(what))?;
        let letters = if self.is_fastq { self.four_lines(lines).await? } else { self.until_next(lines).await? };
        let bases = bases(&letters).map_err(|what| lines.refuse(what))?;
        Ok(Some(Read { bases, ..read }))
    }

    /// Reads the bases of a FASTQ record.
    async fn four_lines(&mut self, lines: &mut Lines) -> reads::Result<Vec<u8>> {
        let mut record = [const { Vec::new() }; 3];
        for line in &mut record {
            match lines.next().await? {
                Some(next) => next.clone_into(line),
                None => return Err(lines.refuse("the file ends within a record".to_owned())),
            }
        }
        let [letters, plus, qualities] = record;
        if !plus.starts_with(b"+") || qualities.len() != letters.len() {
            let what = "expected bases, a line with + and as many qualities: FASTQ with labels has four lines a record";
            return Err(lines.refuse(what.to_owned()));
        }
        while let Some(line) = lines.next().await? {
            if line.starts_with(b"@") {
                self.header = Some(line.to_vec());
                break;
            }
            if !line.is_empty() {
                return Err(lines.refuse("expected a record's first line, which starts with @".to_owned()));
            }
        }
        Ok(letters)
    }

    /// Reads the bases of a FASTA record, which may take any number of lines.
    async fn until_next(&mut self, lines: &mut Lines) -> reads::Result<Vec<u8>> {
        let mut letters = Vec::new();
        while let Some(line) = lines.next().await? {
            if line.starts_with(b">") {
                self.header = Some(line.to_vec());
                break;
            }
            letters.extend_from_slice(line);
        }
        Ok(letters)
    }
}

/// Parses the header of a record into a read without bases.
fn truth(header: &[u8]) -> Result<Read, String> {
    let text = String::from_utf8_lossy(&header[1..]);
    let mut words = text.split([' ', '\t']);
    let name = words.next().unwrap_or_default().to_owned();
    let mut told: Vec<(&str, String)> = Vec::new();
    for word in words {
        match (word.split_once('='), told.last_mut()) {
            (Some((key, value)), _) => told.push((key, value.to_owned())),
            // Names of groups may contain blanks.
            (None, Some((_, value))) => *value = format!("{value} {word}"),
            (None, None) => {}
        }
    }
    let value = |wanted: &str| told.iter().find(|(key, _)| *key == wanted).map(|(_, value)| value.as_bytes());
    let Some(label) = value("label") else {
        return Err("expected label=0 or label=1 in the name, as readseeker reads writes it".to_owned());
    };
    Ok(Read {
        name,
        bases: Vec::new(),
        is_coding: is_coding(label)?,
        coded: value("coded_fraction").map(share).transpose()?.flatten(),
        frame: value("frame").map(frame).transpose()?.flatten(),
        group: value("group").map(|group| String::from_utf8_lossy(group).into_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prediction::Frame;

    #[test]
    fn names_hold_the_truth() {
        let read =
            truth(b">r1 label=1 coded_fraction=0.633 frame=-2 group=a group of mine origin=chr1:301-390:-").unwrap();
        let expected = Read {
            name: "r1".into(),
            bases: Vec::new(),
            is_coding: true,
            coded: Some(0.633),
            frame: Some(Frame::ALL[4]),
            group: Some("a group of mine".into()),
        };
        assert_eq!(read, expected);
        let Read { is_coding, coded, frame, group, .. } = truth(b"@r2 label=0 frame=.").unwrap();
        assert_eq!((is_coding, coded, frame, group), (false, None, None, None));
        for (header, problem) in [
            (&b"@r1"[..], "expected label=0"),
            (b"@r1 label=2", "found \"2\""),
            (b"@r label=1 frame=7", "expected a frame"),
        ] {
            assert!(truth(header).unwrap_err().contains(problem));
        }
    }

    #[test]
    fn sam_and_tables_are_something_else() {
        for other in [&b"@HD\tVN:1.6"[..], b"sequence\tlabel", b""] {
            assert!(Named::starting_with(other).is_none());
        }
    }
}
