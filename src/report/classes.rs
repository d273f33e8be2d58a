//! The three classes as a page and MultiQC show them.

use super::account::Report;
use crate::class::Class;

/// What is shown of a class.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    pub(super) class: Class,
    /// As CSS has it.
    pub(super) colour: &'static str,
    /// Its reads.
    pub(super) reads: u64,
    /// Their bases.
    pub(super) bases: u64,
}

/// All three, coding first.
pub(super) fn of(report: &Report) -> [Shown; 3] {
    let Report { counts, bases, .. } = report;
    Class::ALL.map(|class| Shown { class, colour: colour(class), reads: counts.classes[class], bases: bases[class] })
}

/// The colour of a class.
pub(super) fn colour(class: Class) -> &'static str {
    match class {
        Class::Coding => "#2f9e44",
        Class::NonCoding => "#868e96",
        Class::Undecided => "#f08c00",
    }
}
