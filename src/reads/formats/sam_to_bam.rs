//! SAM lines as BAM records, for a BAM output of SAM input: noodles reads the line and encodes it.

use std::num::NonZero;

use noodles::sam::alignment::io::Write;
use noodles::sam::header::record::value::Map;
use noodles::sam::header::record::value::map::ReferenceSequence;
use noodles::{bam, sam};

use super::bam_fields;
use super::bam_tags::{MALFORMED, tag_len};
use super::header::Header;
use crate::reads::Problem;

/// Knows the numbers of the reference sequences' names.
pub(in crate::reads) struct Encoder {
    header: sam::Header,
}

impl Encoder {
    /// # Errors
    /// [`Problem::Alignment`] where two reference sequences have one name: numbers would be wrong.
    pub(in crate::reads) fn new(header: &Header) -> Result<Self, Problem> {
        let references = header.references().iter().map(|reference| {
            let length = usize::try_from(reference.length).ok().and_then(NonZero::new).unwrap_or(NonZero::<usize>::MIN);
            (reference.name.as_slice().into(), Map::<ReferenceSequence>::new(length))
        });
        let encoder = Self { header: sam::Header::builder().set_reference_sequences(references.collect()).build() };
        if encoder.header.reference_sequences().len() < header.references().len() {
            return Err(Problem::Alignment {
                format: "SAM",
                what: "a reference sequence is named twice in the header",
            });
        }
        Ok(encoder)
    }

    /// The fields of a line's record, without the size before them.
    pub(in crate::reads) fn encode(&self, line: &[u8]) -> Result<Vec<u8>, Problem> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let encode = || {
            let record = sam::Record::try_from(line)?;
            let mut writer = bam::io::Writer::from(Vec::new());
            writer.write_alignment_record(&self.header, &record)?;
            Ok(writer.into_inner().split_off(size_of::<u32>()))
        };
        narrowed(&encode().map_err(Problem::NotBam)?)
    }
}

/// The same fields with whole numbers in the shortest type that holds them, as samtools stores what SAM calls `i`;
/// noodles takes 32 bits for each.
fn narrowed(fields: &[u8]) -> Result<Vec<u8>, Problem> {
    let start = bam_fields::needed(fields).filter(|&start| start <= fields.len()).ok_or(MALFORMED)?;
    let (fixed, mut tags) = fields.split_at(start);
    let mut narrowed = fixed.to_vec();
    while !tags.is_empty() {
        let (tag, rest) = tags.split_at(tag_len(tags).ok_or(MALFORMED)?);
        match *tag {
            [a, b, b'i', ref number @ ..] => {
                narrowed.extend_from_slice(&[a, b]);
                push_number(i32::from_le_bytes(*number.first_chunk().ok_or(MALFORMED)?), &mut narrowed);
            }
            _ => narrowed.extend_from_slice(tag),
        }
        tags = rest;
    }
    Ok(narrowed)
}

/// A number's type and value.
fn push_number(number: i32, into: &mut Vec<u8>) {
    let bytes = number.to_le_bytes();
    let (kind, len) = match number {
        0..=0xff => (b'C', 1),
        0x100..=0xffff => (b'S', 2),
        0x1_0000.. => (b'I', 4),
        -0x80..0 => (b'c', 1),
        -0x8000..-0x80 => (b's', 2),
        ..-0x8000 => (b'i', 4),
    };
    into.push(kind);
    into.extend_from_slice(&bytes[..len]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_take_their_shortest_type() {
        let stored = |number| {
            let mut bytes = Vec::new();
            push_number(number, &mut bytes);
            bytes
        };
        assert_eq!(stored(0), b"C\0");
        assert_eq!(stored(255), b"C\xff");
        assert_eq!(stored(256), b"S\0\x01");
        assert_eq!(stored(65536), b"I\0\0\x01\0");
        assert_eq!(stored(-1), b"c\xff");
        assert_eq!(stored(-128), b"c\x80");
        assert_eq!(stored(-129), b"s\x7f\xff");
        assert_eq!(stored(-32769), b"i\xff\x7f\xff\xff");
    }

    #[test]
    fn what_the_header_does_not_name_is_refused() {
        let encoder = Encoder::new(&Header::from_text(b"@SQ\tSN:c\tLN:9\n".to_vec())).unwrap();
        let line = |reference: &str| format!("r\t0\t{reference}\t1\t60\t4M\t*\t0\t0\tACGT\tIIII\tNM:i:7\n");
        let fields = encoder.encode(line("c").as_bytes()).unwrap();
        assert!(fields.ends_with(b"NMC\x07"));
        assert!(encoder.encode(line("d").as_bytes()).is_err());
        assert!(Encoder::new(&Header::from_text(b"@SQ\tSN:c\tLN:9\n@SQ\tSN:c\tLN:9\n".to_vec())).is_err());
    }
}
