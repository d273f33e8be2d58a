//! The table of labelled reads: DNABERT's `dev.tsv`, or sequences with a label and perhaps a frame and a group.

use async_stream::try_stream;
use futures::Stream;

use crate::error::Result;
use crate::kmer::words;
use crate::prediction::Frame;
use crate::reads::{self, Lines};

/// Which column holds what. The first two are the sequence and the label, whatever they are called, as in DNABERT's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Columns {
    name: Option<usize>,
    coded: Option<usize>,
    frame: Option<usize>,
    group: Option<usize>,
}

/// A labelled read.
#[derive(Debug, PartialEq)]
pub(crate) struct Read {
    /// That of its column, else its number: `read1`, as `readseeker reads` calls the reads of a FASTQ.
    pub(crate) name: String,
    pub(crate) bases: Vec<u8>,
    pub(crate) is_coding: bool,
    /// The share of its bases that code, if the table says so.
    pub(crate) coded: Option<f32>,
    pub(crate) frame: Option<Frame>,
    pub(crate) group: Option<String>,
}

/// The reads of a table.
pub(crate) fn reads(lines: &mut Lines) -> impl Stream<Item = Result<Read>> + Send {
    try_stream! {
        let columns = Columns::read(lines).await?;
        let mut number = 0;
        while let Some(read) = columns.next(lines, number + 1).await? {
            number += 1;
            yield read;
        }
    }
}

impl Columns {
    /// Reads the header line.
    async fn read(lines: &mut Lines) -> Result<Self> {
        let header = lines.next().await?.map(parse_header);
        let columns = header.unwrap_or_else(|| Err("expected a header line: the table is empty".to_owned()));
        Ok(columns.map_err(|what| lines.refuse(what))?)
    }

    /// The read of the next line, unless there is none.
    async fn next(self, lines: &mut Lines, number: u64) -> reads::Result<Option<Read>> {
        let Some(line) = lines.next().await? else { return Ok(None) };
        self.parse(line, number).map(Some).map_err(|what| lines.refuse(what))
    }

    fn parse(self, line: &[u8], number: u64) -> Result<Read, String> {
        let fields: Vec<&[u8]> = line.split(|&byte| byte == b'\t').collect();
        let [sequence, label, ..] = fields[..] else {
            return Err("expected a sequence, a tab and a label".to_owned());
        };
        let optional = |column: Option<usize>| column.and_then(|column| fields.get(column)).copied();
        // GFF names a sequence by the first word of its header.
        let first_word = |name: &[u8]| {
            String::from_utf8_lossy(name.split(u8::is_ascii_whitespace).next().unwrap_or_default()).into_owned()
        };
        Ok(Read {
            name: optional(self.name).map_or_else(|| format!("read{number}"), first_word),
            bases: bases(sequence)?,
            is_coding: is_coding(label)?,
            coded: optional(self.coded).map(share).transpose()?.flatten(),
            frame: optional(self.frame).map(frame).transpose()?.flatten(),
            group: optional(self.group).map(|group| String::from_utf8_lossy(group).into_owned()),
        })
    }
}

fn parse_header(line: &[u8]) -> Result<Columns, String> {
    let names: Vec<String> =
        line.split(|&byte| byte == b'\t').map(|name| String::from_utf8_lossy(name).to_ascii_lowercase()).collect();
    // The start of BAM and CRAM, or of SAM's header.
    if [&b"BAM\x01"[..], b"CRAM", b"@HD\t", b"@SQ\t", b"@RG\t", b"@PG\t", b"@CO\t"]
        .iter()
        .any(|start| line.starts_with(start))
    {
        return Err("expected a table with a header line, found alignments".to_owned());
    }
    if names.len() < 2 {
        return Err("expected a header line with a column of sequences and one of labels".to_owned());
    }
    if is_coding(names[1].as_bytes()).is_ok() {
        return Err("expected a header line, found a read".to_owned());
    }
    let column = |wanted: &str| names.iter().position(|name| name == wanted).filter(|&column| column > 1);
    Ok(Columns {
        name: column("name"),
        coded: column("coded_fraction"),
        frame: column("frame"),
        group: column("group"),
    })
}

/// A sequence, or the one that overlapping k-mers were made from.
fn bases(sequence: &[u8]) -> Result<Vec<u8>, String> {
    let bases = words::joined(sequence).ok_or("the k-mers do not overlap, so they are not those of one read")?;
    match bases.iter().find(|letter| !letter.is_ascii_graphic()) {
        None => Ok(bases),
        Some(letter) => Err(format!("the sequence contains \"{}\"", letter.escape_ascii())),
    }
}

fn is_coding(label: &[u8]) -> Result<bool, String> {
    match label.to_ascii_lowercase().as_slice() {
        b"1" | b"coding" | b"cds" => Ok(true),
        b"0" | b"noncoding" | b"non-coding" | b"noncds" => Ok(false),
        _ => Err(format!("expected the label 0 (non-coding) or 1 (coding), found \"{}\"", label.escape_ascii())),
    }
}

/// None where it is not known.
fn share(text: &[u8]) -> Result<Option<f32>, String> {
    if matches!(text, b"" | b"." | b"NA") {
        return Ok(None);
    }
    let share = std::str::from_utf8(text).ok().and_then(|text| text.parse::<f32>().ok());
    let share = share.filter(|share| (0.0..=1.0).contains(share));
    share.map(Some).ok_or_else(|| format!("expected a share from 0 to 1, found \"{}\"", text.escape_ascii()))
}

/// None where it is not known, or the read has none.
fn frame(text: &[u8]) -> Result<Option<Frame>, String> {
    if matches!(text, b"" | b"." | b"NA" | b"0") {
        return Ok(None);
    }
    let number = std::str::from_utf8(text).ok().and_then(|text| text.parse::<i8>().ok());
    let frame = Frame::ALL.into_iter().find(|frame| Some(frame.number()) == number);
    frame.map(Some).ok_or_else(|| format!("expected a frame (1 2 3 -1 -2 -3), found \"{}\"", text.escape_ascii()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str, line: &str) -> Result<Read, String> {
        parse_header(header.as_bytes())?.parse(line.as_bytes(), 7)
    }

    #[test]
    fn columns_are_found_by_their_names() {
        let expected = Read {
            name: "r1".into(),
            bases: b"ACGT".to_vec(),
            is_coding: true,
            coded: Some(0.75),
            frame: Some(Frame::ALL[4]),
            group: Some("phage".into()),
        };
        let header = "Sequence\tLabel\tgroup\tcoded_fraction\tFrame\tname";
        assert_eq!(read(header, "ACGT\tcoding\tphage\t0.75\t-2\tr1 x"), Ok(expected));
        let expected = Read {
            name: "read7".into(),
            bases: b"ACGTTA".to_vec(),
            is_coding: false,
            coded: None,
            frame: None,
            group: None,
        };
        assert_eq!(read("sequence\tlabel", "ACGT CGTT GTTA\t0"), Ok(expected));
    }

    #[test]
    fn what_cannot_be_a_labelled_read_is_refused() {
        for (header, line, problem) in [
            ("sequence", "", "a header line with"),
            ("ACGT\t1", "", "found a read"),
            ("a\tb", "ACGT", "a tab and a label"),
            ("a\tb", "ACGT\t2", "found \"2\""),
            ("a\tb", "ACGT TTTT\t1", "do not overlap"),
            ("a\tb", "AC\u{1}T\t1", "contains \"\\x01\""),
            ("a\tb\tframe", "ACGT\t1\t4", "expected a frame"),
            ("a\tb\tcoded_fraction", "ACGT\t1\t1.5", "expected a share"),
        ] {
            let found = read(header, line).unwrap_err();
            assert!(found.contains(problem), "{line:?}: {found}");
        }
    }
}
