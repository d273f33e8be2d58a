//! One read, whatever file it came from, in a single allocation.

use super::Mate;
use super::problem::shown_name;

/// The text between the bases of a FASTQ record and its quality scores.
pub(super) const PLUS_LINE: &[u8] = b"\n+\n";

/// One sequenced read as stored, in the orientation in which it was sequenced.
///
/// Its memory layout is that of FASTQ and FASTA, without the leading mark and the final line end: so reading or writing
/// these formats takes one copy each, and a read is one allocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The header, a line end and the bases; if there are quality scores, also the `+` line and the scores.
    text: Vec<u8>,
    header_len: usize,
    name_len: usize,
    bases_len: usize,
    /// Which mate of its template this record is.
    pub mate: Mate,
}

impl Record {
    /// Creates an unpaired record, whose name is found in `header`. `quality_scores` are Phred+33 letters, as many as
    /// `bases`, or none if the input has none (FASTA).
    ///
    /// # Panics
    /// If there are quality scores, but not as many as bases.
    #[must_use]
    pub fn new(header: &[u8], bases: &[u8], quality_scores: &[u8]) -> Self {
        let mut record = Self::blank(header, bases.len(), !quality_scores.is_empty());
        record.bases_mut().copy_from_slice(bases);
        record.quality_scores_mut().copy_from_slice(quality_scores);
        record
    }

    /// Creates a record whose bases, and quality scores if it has any, are still to be filled in.
    pub(super) fn blank(header: &[u8], bases: usize, has_quality_scores: bool) -> Self {
        let quality_scores = if has_quality_scores { PLUS_LINE.len() + bases } else { 0 };
        let mut text = Vec::with_capacity(header.len() + 1 + bases + quality_scores);
        text.extend_from_slice(header);
        text.push(b'\n');
        text.resize(text.len() + bases, 0);
        if has_quality_scores {
            text.extend_from_slice(PLUS_LINE);
            text.resize(text.len() + bases, 0);
        }
        Self::of_text(text, header.len(), bases)
    }

    /// Creates a record from `text`, if that has the layout of a record with a bare `+` line.
    ///
    /// `text` starts with a header of `header` bytes and a line end; it holds `bases` bases and a quality score for each.
    pub(super) fn from_fastq(text: &[u8], header: usize, bases: usize) -> Option<Self> {
        let plus = header + 1 + bases;
        let has_layout = text.len() == plus + PLUS_LINE.len() + bases && text[plus..].starts_with(PLUS_LINE);
        has_layout.then(|| Self::of_text(text.to_vec(), header, bases))
    }

    fn of_text(text: Vec<u8>, header_len: usize, bases_len: usize) -> Self {
        let name_len = name_len(&text[..header_len]);
        Self { text, header_len, name_len, bases_len, mate: Mate::Unpaired }
    }

    /// Returns the record as this mate.
    #[must_use]
    pub fn with_mate(self, mate: Mate) -> Self {
        Self { mate, ..self }
    }

    /// The header line without its leading `@` or `>`, byte for byte: the name, and after a blank or tab whatever
    /// follows.
    #[must_use]
    pub fn header(&self) -> &[u8] {
        &self.text[..self.header_len]
    }

    /// QNAME without `/1` or `/2`, which two mates share.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        &self.text[..self.name_len]
    }

    /// The name that, with the number of the mate, identifies a read: the `/1` or `/2` of an unpaired read is part of
    /// its name.
    #[must_use]
    pub fn own_name(&self) -> &[u8] {
        if self.mate == Mate::Unpaired { self.first_word() } else { self.name() }
    }

    /// The header's first word: the name with its `/1` or `/2`.
    pub(super) fn first_word(&self) -> &[u8] {
        &self.header()[..word_len(self.header())]
    }

    /// Makes the name end earlier: mates may be told apart by more than `/1` and `/2`.
    pub(super) fn shorten_name(&mut self, len: usize) {
        assert!(len <= self.name_len, "a name only gets shorter");
        self.name_len = len;
    }

    /// The header's first word: the name with its `/1` or `/2`, for messages.
    pub(crate) fn word(&self) -> String {
        shown_name(self.first_word())
    }

    /// The bases exactly as stored, with case and ambiguity codes.
    #[must_use]
    pub fn bases(&self) -> &[u8] {
        &self.text[self.header_len + 1..][..self.bases_len]
    }

    pub(super) fn bases_mut(&mut self) -> &mut [u8] {
        &mut self.text[self.header_len + 1..][..self.bases_len]
    }

    /// Phred+33 letters, as many as [`bases`](Self::bases); none if the input has none (FASTA).
    #[must_use]
    pub fn quality_scores(&self) -> &[u8] {
        self.text.get(self.fasta_len() + PLUS_LINE.len()..).unwrap_or_default()
    }

    pub(super) fn quality_scores_mut(&mut self) -> &mut [u8] {
        let start = self.fasta_len() + PLUS_LINE.len();
        self.text.get_mut(start..).unwrap_or_default()
    }

    /// Gives each base the quality score `letter`, unless the record has quality scores.
    pub(super) fn fill_quality_scores(&mut self, letter: u8) {
        if self.as_fastq().is_none() {
            self.text.extend_from_slice(PLUS_LINE);
            self.text.resize(self.text.len() + self.bases_len, letter);
        }
    }

    /// The record as FASTA without the mark: header, line end and bases.
    pub(super) fn as_fasta(&self) -> &[u8] {
        &self.text[..self.fasta_len()]
    }

    /// The record as FASTQ without the mark; `None` if it has no quality scores.
    pub(super) fn as_fastq(&self) -> Option<&[u8]> {
        (self.text.len() > self.fasta_len()).then_some(&self.text)
    }

    fn fasta_len(&self) -> usize {
        self.header_len + 1 + self.bases_len
    }

    /// The bytes of memory that the record keeps alive, by which memory is bounded.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.text.len()
    }
}

/// The length of a header's first word: up to a blank or tab.
pub(super) fn word_len(header: &[u8]) -> usize {
    memchr::memchr2(b' ', b'\t', header).unwrap_or(header.len())
}

/// The length of the name in a header that mates share: its first word without a final `/1` or `/2`.
pub(super) fn name_len(header: &[u8]) -> usize {
    let word = &header[..word_len(header)];
    word.strip_suffix(b"/1").or(word.strip_suffix(b"/2")).unwrap_or(word).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_its_three_parts() {
        let record = Record::new(b"r/2 x", b"ACG", b"I#!");
        assert_eq!((record.header(), record.name()), (&b"r/2 x"[..], &b"r"[..]));
        assert_eq!((record.bases(), record.quality_scores()), (&b"ACG"[..], &b"I#!"[..]));
        assert_eq!((record.as_fasta(), record.as_fastq()), (&b"r/2 x\nACG"[..], Some(&b"r/2 x\nACG\n+\nI#!"[..])));
    }

    #[test]
    fn a_record_without_quality_scores_is_no_fastq() {
        let record = Record::new(b"r", b"ACG", b"");
        assert_eq!((record.bases(), record.quality_scores()), (&b"ACG"[..], &b""[..]));
        assert_eq!((record.as_fasta(), record.as_fastq()), (&b"r\nACG"[..], None));
    }

    #[test]
    fn quality_scores_are_filled_in_where_there_are_none() {
        let mut record = Record::new(b"r", b"ACG", b"");
        record.fill_quality_scores(b'B');
        assert_eq!(record, Record::new(b"r", b"ACG", b"BBB"));
        let mut scored = Record::new(b"r", b"ACG", b"I#!");
        scored.fill_quality_scores(b'B');
        assert_eq!(scored.quality_scores(), b"I#!");
    }

    #[test]
    fn text_in_the_layout_is_taken_as_it_is_and_other_text_is_not() {
        let record = Record::new(b"r x", b"ACG", b"I#!");
        assert_eq!(Record::from_fastq(b"r x\nACG\n+\nI#!", 3, 3), Some(record));
        for other in ["r x\nACG\n+r x\nI#!", "r x\nACG\n+\nI#!\n", "r x\nACG\r\n+\nI#!"] {
            assert_eq!(Record::from_fastq(other.as_bytes(), 3, 3), None, "{other}");
        }
    }
}
