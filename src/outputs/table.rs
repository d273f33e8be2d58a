//! What a table of reads is: each table is a file of this folder, and an entry in [`OutputsConfig::tables`](super::OutputsConfig).

use std::fmt;

use super::judged::Judged;
#[cfg(test)]
use crate::prediction::Stretch;
#[cfg(test)]
use crate::reads::Record;
use crate::reads::output::Content;
#[cfg(test)]
use crate::verdict::Verdict;

/// A table of reads: scores, proteins, windows. It is given reads in input order, and says what to write of each.
pub trait Table: fmt::Debug + Send {
    /// What it starts with.
    fn start(&self, _text: &mut Vec<u8>) {}

    /// What it holds: the suffix of its path must not say otherwise.
    fn holds(&self) -> Content;

    /// How many entries a read has. Between two of them the text may be written, so that a read with millions of them takes
    /// no memory for their text.
    fn entries(&self, read: &Judged<'_>) -> usize;

    /// Appends the n-th entry of a read, from 0.
    fn push(&mut self, read: &Judged<'_>, n: usize, text: &mut Vec<u8>);

    /// What it ends with.
    fn end(&mut self, _text: &mut Vec<u8>) {}

    /// Whether it can hold a read of this name.
    fn can_name(&self, _name: &[u8]) -> bool {
        true
    }

    /// Whether it is of use only with a model that predicts frames.
    fn needs_frames(&self) -> bool {
        false
    }
}

/// What a table writes of a coding read with these stretches.
#[cfg(test)]
pub(super) fn written(mut table: impl Table, segment: &Record, stretches: &[Stretch]) -> String {
    let verdict = Verdict::Coding;
    let read = Judged { segment, answer: None, posterior: None, verdict, stretches, is_located: true, output: None };
    let mut text = Vec::new();
    (0..table.entries(&read)).for_each(|n| table.push(&read, n, &mut text));
    String::from_utf8(text).unwrap()
}
