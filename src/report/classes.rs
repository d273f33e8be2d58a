//! The three classes as shown on the page and in MultiQC.

use super::account::Report;
use crate::class::Class;

/// The colour and the counts of a class.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    pub(super) class: Class,
    /// The colour in CSS.
    pub(super) colour: &'static str,
    /// The number of its reads.
    pub(super) reads: u64,
    /// The number of their bases.
    pub(super) bases: u64,
}

/// All three classes, coding first.
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
