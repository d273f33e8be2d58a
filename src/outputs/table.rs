//! The interface of tables of reads. Each table is a file of this folder, and an entry in
//! [`OutputsConfig::tables`](super::OutputsConfig).

use std::fmt;

use super::judged::Judged;
#[cfg(test)]
use crate::prediction::Stretch;
#[cfg(test)]
use crate::reads::Record;
use crate::reads::output::Content;
#[cfg(test)]
use crate::verdict::Verdict;

/// A table of reads: scores, proteins, windows. It gets the reads in input order, and appends text for each.
pub trait Table: fmt::Debug + Send {
    /// Appends the start of the table.
    fn start(&self, _text: &mut Vec<u8>) {}

    /// The contents of the table, which the suffix of its path must fit.
    fn holds(&self) -> Content;

    /// The number of entries for a read. Text may be written to the file between two entries, so that even millions of
    /// entries take no memory.
    fn entries(&self, read: &Judged<'_>) -> usize;

    /// Appends entry number `n` of a read, from 0.
    fn push(&mut self, read: &Judged<'_>, n: usize, text: &mut Vec<u8>);

    /// Appends the end of the table.
    fn end(&mut self, _text: &mut Vec<u8>) {}

    /// Whether the table can hold a read with this name.
    fn can_name(&self, _name: &[u8]) -> bool {
        true
    }

    /// Whether the table needs a model that predicts frames.
    fn needs_frames(&self) -> bool {
        false
    }
}

/// The text of a table for a coding read with these stretches.
#[cfg(test)]
pub(super) fn written(mut table: impl Table, segment: &Record, stretches: &[Stretch]) -> String {
    let verdict = Verdict::Coding;
    let read = Judged { segment, answer: None, posterior: None, verdict, stretches, is_located: true, output: None };
    let mut text = Vec::new();
    (0..table.entries(&read)).for_each(|n| table.push(&read, n, &mut text));
    String::from_utf8(text).unwrap()
}
