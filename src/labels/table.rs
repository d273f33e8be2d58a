//! The table of labelled reads: DNABERT's `dev.tsv`, or sequences with labels and perhaps frames and groups.

use super::read::{Read, bases, frame, is_coding, share};
use crate::reads::{self, Lines};

/// The optional columns. The first two are the sequence and the label, whatever their names, as in DNABERT's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    name: Option<usize>,
    coded: Option<usize>,
    frame: Option<usize>,
    group: Option<usize>,
}

impl Columns {
    /// The next read; `None` at the end of the file.
    pub(super) async fn next(self, lines: &mut Lines, number: u64) -> reads::Result<Option<Read>> {
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

    /// The columns according to a header line.
    pub(super) fn of(line: &[u8]) -> Result<Self, String> {
        let names: Vec<String> =
            line.split(|&byte| byte == b'\t').map(|name| String::from_utf8_lossy(name).to_ascii_lowercase()).collect();
        // These are the first bytes of BAM, of CRAM, and of SAM's header.
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
        Ok(Self {
            name: column("name"),
            coded: column("coded_fraction"),
            frame: column("frame"),
            group: column("group"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prediction::Frame;

    fn read(header: &str, line: &str) -> Result<Read, String> {
        Columns::of(header.as_bytes())?.parse(line.as_bytes(), 7)
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
