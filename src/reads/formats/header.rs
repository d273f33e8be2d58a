//! The header of a BAM output: text and reference sequences of the input, and a line for this run.

use std::collections::HashSet;

use super::header_text;
use crate::reads::Problem;

/// The order of records according to the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::reads) enum Order {
    /// By position on the reference: mates are apart.
    Coordinate,
    /// Sorted by name, unsorted, or not said.
    Other,
}

/// A header, with text and reference sequences as they were read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    text: Vec<u8>,
    references: Vec<ReferenceSequence>,
}

/// A reference sequence: its name and length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::reads) struct ReferenceSequence {
    pub(in crate::reads) name: Vec<u8>,
    pub(in crate::reads) length: u32,
}

impl Header {
    /// Creates the header of a BAM file. Some writers pad the text with zeros, which are dropped.
    pub(in crate::reads) fn new(mut text: Vec<u8>, references: Vec<ReferenceSequence>) -> Self {
        text.truncate(text.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1));
        Self { text, references }
    }

    /// Creates the header of a SAM file, whose text alone names the reference sequences.
    pub(in crate::reads) fn from_text(text: Vec<u8>) -> Self {
        let references = lines(&text).filter_map(|line| {
            let length = std::str::from_utf8(tag(line, *b"LN")?).ok()?.parse().ok()?;
            line.starts_with(b"@SQ\t").then_some(ReferenceSequence { name: tag(line, *b"SN")?.to_vec(), length })
        });
        Self { references: references.collect(), text }
    }

    /// Creates the header for reads that are not alignments, as `samtools import` does.
    pub(in crate::reads) fn unaligned() -> Self {
        Self { text: b"@HD\tVN:1.6\tSO:unsorted\tGO:query\n".to_vec(), references: Vec::new() }
    }

    /// Refuses header text that samtools cannot read.
    ///
    /// # Errors
    /// [`Problem::HeaderLine`] if it cannot.
    pub(in crate::reads) fn check_text(&self) -> Result<(), Problem> {
        header_text::check(&self.text)
    }

    /// The order of the records according to the text.
    pub(in crate::reads) fn order(&self) -> Order {
        order(&self.text)
    }

    /// The names and lengths of the reference sequences, in order.
    pub fn sequences(&self) -> impl Iterator<Item = (&[u8], usize)> {
        let length = |length: u32| usize::try_from(length).expect("at least 32 bits");
        self.references.iter().map(move |sequence| (&sequence.name[..], length(sequence.length)))
    }

    pub(in crate::reads) fn references(&self) -> &[ReferenceSequence] {
        &self.references
    }

    /// Returns the header for these records grouped by name, as `samtools collate` writes it: with `SO:unsorted` and
    /// `GO:query` in its first line.
    #[must_use]
    pub fn grouped(self) -> Self {
        self.with_order(&[b"SO:", b"GO:", b"SS:"], b"\tSO:unsorted\tGO:query\n")
    }

    /// Replaces the tags `without` in the first line with the `end`.
    fn with_order(self, without: &[&[u8]], end: &[u8]) -> Self {
        let (first, rest) = if self.text.starts_with(b"@HD\t") {
            let end = memchr::memchr(b'\n', &self.text).unwrap_or(self.text.len());
            (&self.text[..end], self.text.get(end + 1..).unwrap_or_default())
        } else {
            (&b"@HD\tVN:1.6"[..], &self.text[..])
        };
        let first = first.strip_suffix(b"\r").unwrap_or(first);
        let kept = first.split(|&byte| byte == b'\t').filter(|field| !without.iter().any(|tag| field.starts_with(tag)));
        let mut text = kept.collect::<Vec<_>>().join(&b'\t');
        text.extend_from_slice(end);
        text.extend_from_slice(rest);
        Self { text, ..self }
    }

    /// Returns the header for the records of several files, one file after the other: `SO:unsorted`, with all read
    /// groups and programs. If two have the same ID, the first line is kept.
    #[must_use]
    pub fn with_lanes<'a>(mut self, others: impl IntoIterator<Item = &'a Self>) -> Self {
        let id = |line: &[u8]| {
            let is_named = line.starts_with(b"@RG\t") || line.starts_with(b"@PG\t");
            tag(line, *b"ID").filter(|_| is_named).map(|id| [&line[..3], id].concat())
        };
        let mut known: HashSet<Vec<u8>> = lines(&self.text).filter_map(id).collect();
        for other in others {
            for line in lines(&other.text) {
                let is_new = id(line).is_some_and(|id| known.insert(id));
                if is_new {
                    self.end_line();
                    self.text.extend_from_slice(line);
                    self.text.push(b'\n');
                }
            }
        }
        if self.text.starts_with(b"@HD\t") { self.with_order(&[b"SO:", b"SS:"], b"\tSO:unsorted\n") } else { self }
    }

    /// Adds the `@PG` lines that `samtools` would add: one for each program that no other one follows, or just one if
    /// there are no programs.
    #[must_use]
    pub fn with_program(mut self, name: &str, version: &str, command: &str) -> Self {
        let programs: Vec<&[u8]> = lines(&self.text).filter(|line| line.starts_with(b"@PG\t")).collect();
        let taken: HashSet<Vec<u8>> =
            programs.iter().filter_map(|line| tag(line, *b"ID")).map(<[u8]>::to_vec).collect();
        let followed: HashSet<&[u8]> = programs.iter().filter_map(|line| tag(line, *b"PP")).collect();
        let ends = programs.iter().filter_map(|line| tag(line, *b"ID")).filter(|id| !followed.contains(id));
        let mut ends: Vec<Option<Vec<u8>>> = ends.map(|id| Some(id.to_vec())).collect();
        if ends.is_empty() {
            ends.push(None);
        }
        self.end_line();
        let command = command.replace(['\t', '\n', '\r'], " ");
        for (end, id) in ends.into_iter().zip(free_ids(name, &taken)) {
            self.text.extend_from_slice(format!("@PG\tID:{id}\tPN:{name}").as_bytes());
            if let Some(end) = end {
                self.text.extend_from_slice(b"\tPP:");
                self.text.extend_from_slice(&end);
            }
            self.text.extend_from_slice(format!("\tVN:{version}\tCL:{command}\n").as_bytes());
        }
        self
    }

    /// Ends the last line of the text, if it is unfinished.
    fn end_line(&mut self) {
        if self.text.last().is_some_and(|&byte| byte != b'\n') {
            self.text.push(b'\n');
        }
    }

    /// The header as it starts a BAM file, before compression.
    #[must_use]
    pub fn to_bam(&self) -> Vec<u8> {
        let (start, text, references) = self.parts_of_bam();
        [&start, text, &references].concat()
    }

    /// The header as [`to_bam`](Self::to_bam), in three consecutive parts: the text, which may be a gigabyte, is not
    /// copied.
    #[must_use]
    pub fn parts_of_bam(&self) -> (Vec<u8>, &[u8], Vec<u8>) {
        let count = |n: usize| u32::try_from(n).expect("as many as were read, and a few lines").to_le_bytes();
        let start = [*b"BAM\x01", count(self.text.len())].concat();
        let mut bytes = count(self.references.len()).to_vec();
        for ReferenceSequence { name, length } in &self.references {
            bytes.extend_from_slice(&count(name.len() + 1));
            bytes.extend_from_slice(name);
            bytes.push(0);
            bytes.extend_from_slice(&length.to_le_bytes());
        }
        (start, &self.text, bytes)
    }

    /// Copies the reference sequences without the text.
    pub(in crate::reads) fn without_text(&self) -> Self {
        Self { text: Vec::new(), references: self.references.clone() }
    }

    /// Refuses another header that numbers its reference sequences differently, since records refer to them by number.
    ///
    /// # Errors
    /// [`Problem::References`] with the first difference.
    pub fn check_references(&self, other: &Self) -> Result<(), Problem> {
        let differ = |n: &usize| self.references.get(*n) != other.references.get(*n);
        let Some(n) = (0..self.references.len().max(other.references.len())).find(differ) else { return Ok(()) };
        let shown = |header: &Self| match header.references.get(n) {
            None => "nothing".to_owned(),
            Some(ReferenceSequence { name, length }) => format!("{} of {length} bases", String::from_utf8_lossy(name)),
        };
        Err(Problem::References { ordinal: n + 1, first: shown(self), other: shown(other) })
    }
}

/// IDs for a program, without end: its name, and its name with a number, but for those that are taken.
fn free_ids(name: &str, taken: &HashSet<Vec<u8>>) -> impl Iterator<Item = String> {
    let numbered = (1..).map(move |n| format!("{name}.{n}"));
    let ids = std::iter::once(name.to_owned()).chain(numbered);
    ids.filter(|id| !taken.contains(id.as_bytes()))
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&byte| byte == b'\n')
}

/// The value of a tag in a header line.
fn tag(line: &[u8], name: [u8; 2]) -> Option<&[u8]> {
    line.split(|&byte| byte == b'\t').skip(1).find_map(|field| field.strip_prefix(&name)?.strip_prefix(b":"))
}

/// The order that the first line of a SAM header states.
fn order(header: &[u8]) -> Order {
    let first = header.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let first = first.strip_suffix(b"\r").unwrap_or(first);
    let mut tags = first.split(|&byte| byte == b'\t');
    if tags.next() == Some(b"@HD") && tags.any(|tag| tag == b"SO:coordinate") {
        Order::Coordinate
    } else {
        Order::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(header: &Header) -> String {
        String::from_utf8(header.text.clone()).unwrap()
    }

    fn programs(before: &str) -> String {
        let header = Header::from_text(before.into()).with_program("readseeker", "1.0", "readseeker split\tx");
        text(&header).strip_prefix(before.trim_end()).unwrap().trim_start().to_owned()
    }

    #[test]
    fn each_end_of_a_chain_of_programs_is_followed() {
        let line = "PN:readseeker\tVN:1.0\tCL:readseeker split x\n".replace("PN:readseeker", "PN:readseeker{}");
        let pg = |id: &str, pp: &str| format!("@PG\tID:{id}\t{}", line.replace("{}", pp));
        assert_eq!(programs(""), pg("readseeker", ""));
        assert_eq!(programs("@HD\tVN:1.6"), pg("readseeker", ""));
        assert_eq!(programs("@PG\tID:bwa\tPN:bwa\n"), pg("readseeker", "\tPP:bwa"));
        let chain = "@PG\tID:bwa\n@PG\tID:sort\tPP:bwa\n@PG\tID:other\n@CO\t@PG\tID:none\n";
        assert_eq!(programs(chain), pg("readseeker", "\tPP:sort") + &pg("readseeker.1", "\tPP:other"));
        let again = "@PG\tID:readseeker\n@PG\tID:readseeker.1\tPP:readseeker\n";
        assert_eq!(programs(again), pg("readseeker.2", "\tPP:readseeker.1"));
    }

    #[test]
    fn a_header_grouped_by_name_says_so_and_nothing_else_changes() {
        let grouped = |before: &str| text(&Header::from_text(before.into()).grouped());
        let rest = "@SQ\tSN:c\tLN:9\n@CO\tSO:coordinate\n";
        let expected = format!("@HD\tVN:1.5\tSO:unsorted\tGO:query\n{rest}");
        assert_eq!(grouped(&format!("@HD\tVN:1.5\tSO:coordinate\n{rest}")), expected);
        assert_eq!(grouped(&format!("@HD\tVN:1.5\tSO:queryname\tSS:queryname:natural\n{rest}")), expected);
        assert_eq!(grouped(rest), expected.replace("1.5", "1.6"));
        assert_eq!(grouped("@HD\tVN:1.6\tGO:none"), "@HD\tVN:1.6\tSO:unsorted\tGO:query\n");
    }

    #[test]
    fn lanes_bring_their_read_groups_and_programs() {
        let first = "@HD\tVN:1.6\tSO:coordinate\tGO:none\n@SQ\tSN:c\tLN:9\n@RG\tID:a\tSM:s\n@PG\tID:bwa\tCL:1";
        let others = [
            "@HD\tVN:1.5\n@RG\tID:b\tSM:s\n@RG\tID:bwa\n@PG\tID:bwa\tCL:2\n@PG\tID:sort\tPP:bwa\n@CO\tb\n",
            "@RG\tID:a\tSM:t\n@RG\tID:c\n",
        ]
        .map(|text| Header::from_text(text.into()));
        let all = "@HD\tVN:1.6\tGO:none\tSO:unsorted\n@SQ\tSN:c\tLN:9\n@RG\tID:a\tSM:s\n@PG\tID:bwa\tCL:1\n@RG\tID:b\tSM:s\n\
            @RG\tID:bwa\n@PG\tID:sort\tPP:bwa\n@RG\tID:c\n";
        assert_eq!(text(&Header::from_text(first.into()).with_lanes(&others)), all);
        assert_eq!(text(&Header::from_text("@SQ\tSN:c\tLN:9\n".into()).with_lanes([])), "@SQ\tSN:c\tLN:9\n");
    }

    #[test]
    fn other_reference_sequences_are_told() {
        let header = |text: &str| Header::from_text(text.into());
        let two = header("@SQ\tSN:a\tLN:5\n@SQ\tLN:6\tSN:b\n");
        assert_eq!(two.references()[1], ReferenceSequence { name: b"b".to_vec(), length: 6 });
        assert!(two.check_references(&header("@CO\tx\n@SQ\tSN:a\tLN:5\tM5:x\n@SQ\tSN:b\tLN:6\n")).is_ok());
        let message = two.check_references(&header("@SQ\tSN:a\tLN:5\n")).unwrap_err().to_string();
        assert!(message.contains("number 2: b of 6 bases and nothing"), "{message}");
        assert!(two.check_references(&header("@SQ\tSN:a\tLN:5\n@SQ\tSN:b\tLN:7\n")).is_err());
    }

    #[test]
    fn the_order_is_found_in_the_header() {
        assert_eq!(order(b"@HD\tVN:1.6\tSO:coordinate\n@CO\tx\n"), Order::Coordinate);
        assert_eq!(order(b"@HD\tVN:1.6\tSO:queryname\n"), Order::Other);
        assert_eq!(order(b"@CO\tSO:coordinate\n"), Order::Other);
        assert_eq!(order(b""), Order::Other);
    }
}
