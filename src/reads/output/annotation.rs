//! What a model said of a read, in its header line: ` cp=0.987 cf=-1` after the description.

use std::io::Write;

use crate::reads::Score;

/// Appends what a run says of a read as the end of its header line.
pub(super) fn push(score: &Score, into: &mut Vec<u8>) {
    write!(into, " cp={:.3}", score.probability).expect("writing to a vector cannot fail");
    if let Some(frame) = &score.frame {
        write!(into, " cf={frame}").expect("writing to a vector cannot fail");
    }
}

/// A header line without the annotation of an earlier run: no read has two.
pub(super) fn without(header: &[u8]) -> &[u8] {
    let without_frame = strip_word(header, b"cf=").unwrap_or(header);
    strip_word(without_frame, b"cp=").unwrap_or(header)
}

/// The line before its last word, if that starts with `key`.
fn strip_word<'a>(line: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let blank = memchr::memrchr(b' ', line)?;
    line[blank + 1..].starts_with(key).then(|| &line[..blank])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_annotation_replaces_the_one_before() {
        for header in ["r1 1:N:0:ACGT", "r1", "r1\tBC:Z:A cx=1", ""] {
            for frame in [None, Some(-2)] {
                let mut annotated = header.as_bytes().to_vec();
                push(&Score { probability: 0.98765, frame }, &mut annotated);
                assert_eq!(without(&annotated), header.as_bytes());
            }
            assert_eq!(without(header.as_bytes()), header.as_bytes());
        }
        let mut text = b"r1".to_vec();
        push(&Score { probability: 0.98765, frame: Some(1) }, &mut text);
        assert_eq!(text, b"r1 cp=0.988 cf=1");
    }

    #[test]
    fn a_frame_alone_is_no_annotation_of_ours() {
        assert_eq!(without(b"r1 cf=1"), b"r1 cf=1");
    }
}
