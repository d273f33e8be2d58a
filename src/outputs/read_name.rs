//! The names of reads and of their genes in tables.

use std::io::Write;

use crate::reads::Record;

/// Appends a read's name, for a mate followed by `/1` or `/2`.
pub(crate) fn push(segment: &Record, text: &mut Vec<u8>) {
    text.extend_from_slice(segment.own_name());
    if segment.mate.number() > 0 {
        text.extend([b'/', b'0' + segment.mate.number()]);
    }
}

/// Appends a read's name with `%` codes for characters that GFF3 does not allow in a sequence's name. An empty name
/// becomes `.`, GFF3's sign for an unknown value.
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

/// Appends the GFF3 name of gene number `gene` of a read, from 1.
pub(super) fn push_gene(segment: &Record, gene: usize, text: &mut Vec<u8>) {
    push_escaped(segment, text);
    write!(text, "_{gene}").expect("writing to a vector cannot fail");
}
