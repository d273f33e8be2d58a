//! How a table names a read, and a gene of it.

use std::io::Write;

use crate::reads::Record;

/// Appends a read's name; a mate's is followed by `/1` or `/2`.
pub(crate) fn push(segment: &Record, text: &mut Vec<u8>) {
    text.extend_from_slice(segment.own_name());
    if segment.mate.number() > 0 {
        text.extend([b'/', b'0' + segment.mate.number()]);
    }
}

/// The same with `%` codes for what GFF3 does not allow in a sequence's name, and its sign for what is not known in place of an
/// empty one.
pub(super) fn push_escaped(segment: &Record, text: &mut Vec<u8>) {
    let mut name = Vec::new();
    push(segment, &mut name);
    if name.is_empty() {
        name.push(b'.');
    }
    for letter in name {
        if letter.is_ascii_alphanumeric() || b".:^*$@!+_?-|".contains(&letter) {
            text.push(letter);
        } else {
            write!(text, "%{letter:02X}").expect("writing to a vector cannot fail");
        }
    }
}

/// Appends what GFF3 calls the n-th gene of a read, from 1.
pub(super) fn push_gene(segment: &Record, gene: usize, text: &mut Vec<u8>) {
    push_escaped(segment, text);
    write!(text, "_{gene}").expect("writing to a vector cannot fail");
}
