//! The annotation of a read in its header line: ` cp=0.987 cf=-1` after the description, or SAM tags after other SAM
//! tags.

use std::io::Write;

use crate::reads::Score;

/// Appends the score to a header line, as SAM `tags` or as words.
pub(super) fn push(score: &Score, tags: bool, into: &mut Vec<u8>) {
    let [probability, frame] = if tags { ["\tcp:f:", "\tcf:i:"] } else { [" cp=", " cf="] };
    write!(into, "{probability}{:.3}", score.probability).expect("writing to a vector cannot fail");
    if let Some(number) = &score.frame {
        write!(into, "{frame}{number}").expect("writing to a vector cannot fail");
    }
}

/// Whether a header line ends in SAM tags, as `samtools fastq -T` writes them: a word after them would be part of the
/// last tag.
pub(super) fn has_tags(header: &[u8]) -> bool {
    let last = memchr::memrchr(b'\t', header).map(|tab| &header[tab + 1..]);
    matches!(last, Some([name, digit, b':', kind, b':', ..])
        if name.is_ascii_alphabetic() && digit.is_ascii_alphanumeric() && b"AifZHB".contains(kind))
}

/// Removes the annotation of an earlier run, so that no read has two.
pub(super) fn without(header: &[u8]) -> &[u8] {
    let strip = |[probability, frame]: [&[u8]; 2]| {
        let without_frame = strip_word(header, frame, is_frame).unwrap_or(header);
        strip_word(without_frame, probability, is_probability)
    };
    strip([b" cp=", b" cf="]).or_else(|| strip([b"\tcp:f:", b"\tcf:i:"])).unwrap_or(header)
}

/// Removes the last word of a line if it is `key`, whose first byte is the separator, followed by a value that readseeker
/// writes.
fn strip_word<'a>(line: &'a [u8], key: &[u8], is_ours: fn(&str) -> bool) -> Option<&'a [u8]> {
    let start = memchr::memrchr(key[0], line)?;
    let value = std::str::from_utf8(line[start..].strip_prefix(key)?).ok()?;
    is_ours(value).then(|| &line[..start])
}

fn is_probability(value: &str) -> bool {
    value.parse().is_ok_and(|value: f64| (0.0..=1.0).contains(&value))
}

fn is_frame(value: &str) -> bool {
    matches!(value.strip_prefix('-').unwrap_or(value), "1" | "2" | "3")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_annotation_replaces_the_one_before() {
        for header in ["r1 1:N:0:ACGT", "r1", "r1\tBC:Z:A cx=1", "r1\tRG:Z:a", ""] {
            for frame in [None, Some(-2)] {
                let mut annotated = header.as_bytes().to_vec();
                push(&Score { probability: 0.98765, frame }, has_tags(&annotated), &mut annotated);
                assert_eq!(without(&annotated), header.as_bytes());
            }
            assert_eq!(without(header.as_bytes()), header.as_bytes());
        }
        let mut text = b"r1".to_vec();
        push(&Score { probability: 0.98765, frame: Some(1) }, false, &mut text);
        assert_eq!(text, b"r1 cp=0.988 cf=1");
        let mut text = b"r1\tMN:i:150\tRG:Z:lane 1".to_vec();
        assert!(has_tags(&text) && !has_tags(b"r1\t1:N:0:ACGT") && !has_tags(b"r1 RG:Z:a"));
        push(&Score { probability: 0.98765, frame: Some(-1) }, true, &mut text);
        assert_eq!(text, b"r1\tMN:i:150\tRG:Z:lane 1\tcp:f:0.988\tcf:i:-1");
    }

    #[test]
    fn a_frame_alone_is_no_annotation_of_ours() {
        for header in ["r1 cf=1", "r1 cp=plasmid", "r1 cp=0.5 cf=xyz", "r1 cp=0.5 cf=0", "r1 cp=7"] {
            assert_eq!(without(header.as_bytes()), header.as_bytes());
        }
    }
}
