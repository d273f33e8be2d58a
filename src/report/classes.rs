//! The three classes as a page and MultiQC show them.

use super::Report;
use crate::verdict::Verdict;

/// What is shown of a class.
#[derive(Clone, Copy, Debug)]
pub(super) struct Class {
    /// As in the JSON report.
    pub(super) id: &'static str,
    /// For people.
    pub(super) name: &'static str,
    /// As CSS has it.
    pub(super) colour: &'static str,
    /// Its reads.
    pub(super) reads: u64,
    /// Their bases.
    pub(super) bases: u64,
}

const CODING: &str = "#2f9e44";
const NONCODING: &str = "#868e96";
const UNDECIDED: &str = "#f08c00";

/// All three, coding first.
pub(super) fn of(report: &Report) -> [Class; 3] {
    let Report { counts, bases, .. } = report;
    let class = |id, name, colour, reads, bases| Class { id, name, colour, reads, bases };
    [
        class("coding", "coding", CODING, counts.coding, bases.coding),
        class("noncoding", "non-coding", NONCODING, counts.noncoding, bases.noncoding),
        class("undecided", "undecided", UNDECIDED, counts.undecided, bases.undecided),
    ]
}

/// The colour of the class that a verdict leads to.
pub(super) fn colour(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Coding => CODING,
        Verdict::NonCoding => NONCODING,
        Verdict::Undecided(_) => UNDECIDED,
    }
}
