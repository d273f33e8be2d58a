//! A labelled read, and the parsers of its fields. Pure.

use crate::kmer::words;
use crate::prediction::Frame;

/// A labelled read.
#[derive(Debug, PartialEq)]
pub(crate) struct Read {
    /// The name in its column, or else its number: `read1`, as `readseeker reads` names reads in FASTQ.
    pub(crate) name: String,
    pub(crate) bases: Vec<u8>,
    pub(crate) is_coding: bool,
    /// The share of its bases that are coding, if the table has it.
    pub(crate) coded: Option<f32>,
    pub(crate) frame: Option<Frame>,
    pub(crate) group: Option<String>,
}

/// Parses a sequence, which may be written as overlapping k-mers.
pub(super) fn bases(sequence: &[u8]) -> Result<Vec<u8>, String> {
    let bases = words::joined(sequence).ok_or("the k-mers do not overlap, so they are not those of one read")?;
    match bases.iter().find(|letter| !letter.is_ascii_graphic()) {
        None => Ok(bases),
        Some(letter) => Err(format!("the sequence contains \"{}\"", letter.escape_ascii())),
    }
}

pub(super) fn is_coding(label: &[u8]) -> Result<bool, String> {
    match label.to_ascii_lowercase().as_slice() {
        b"1" | b"coding" | b"cds" => Ok(true),
        b"0" | b"noncoding" | b"non-coding" | b"noncds" => Ok(false),
        _ => Err(format!("expected the label 0 (non-coding) or 1 (coding), found \"{}\"", label.escape_ascii())),
    }
}

/// Parses a share; `None` if it is unknown.
pub(super) fn share(text: &[u8]) -> Result<Option<f32>, String> {
    if matches!(text, b"" | b"." | b"NA") {
        return Ok(None);
    }
    let share = std::str::from_utf8(text).ok().and_then(|text| text.parse::<f32>().ok());
    let share = share.filter(|share| (0.0..=1.0).contains(share));
    share.map(Some).ok_or_else(|| format!("expected a share from 0 to 1, found \"{}\"", text.escape_ascii()))
}

/// Parses a frame; `None` if it is unknown or the read has none.
pub(super) fn frame(text: &[u8]) -> Result<Option<Frame>, String> {
    if matches!(text, b"" | b"." | b"NA" | b"0") {
        return Ok(None);
    }
    let number = std::str::from_utf8(text).ok().and_then(|text| text.parse::<i8>().ok());
    let frame = Frame::ALL.into_iter().find(|frame| Some(frame.number()) == number);
    frame.map(Some).ok_or_else(|| format!("expected a frame (1 2 3 -1 -2 -3), found \"{}\"", text.escape_ascii()))
}
