//! The three classes of reads, and [`PerClass`]: a value for each class. Pure.

use std::fmt;
use std::ops::{Index, IndexMut};

use serde::{Deserialize, Serialize};

/// A class of reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Coding reads: from a coding sequence (CDS).
    Coding,
    /// Non-coding reads.
    NonCoding,
    /// Neither coding nor non-coding with enough certainty, or too short to be scored.
    Undecided,
}

impl Class {
    /// All three classes, coding first.
    pub const ALL: [Self; 3] = [Self::Coding, Self::NonCoding, Self::Undecided];

    /// The name of the class in flags, tables and reports.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Coding => "coding",
            Self::NonCoding => "noncoding",
            Self::Undecided => "undecided",
        }
    }
}

/// Writes the class as people read it: `non-coding`.
impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::NonCoding => "non-coding",
            Self::Coding | Self::Undecided => self.id(),
        })
    }
}

/// One value for each class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PerClass<T> {
    /// The value of coding reads.
    pub coding: T,
    /// The value of non-coding reads.
    pub noncoding: T,
    /// The value of undecided reads.
    pub undecided: T,
}

impl<T> PerClass<T> {
    /// Calls `value` for each class.
    pub fn from_fn(mut value: impl FnMut(Class) -> T) -> Self {
        Self { coding: value(Class::Coding), noncoding: value(Class::NonCoding), undecided: value(Class::Undecided) }
    }

    /// Iterates over the classes and their values, coding first.
    pub fn iter(&self) -> impl Iterator<Item = (Class, &T)> {
        Class::ALL.into_iter().map(|class| (class, &self[class]))
    }

    /// Iterates over mutable values, coding first.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        [&mut self.coding, &mut self.noncoding, &mut self.undecided].into_iter()
    }

    /// Consumes `self` and iterates over the values, coding first.
    pub fn into_values(self) -> impl Iterator<Item = T> {
        [self.coding, self.noncoding, self.undecided].into_iter()
    }

    /// Maps each class's value to another.
    pub fn map<U>(self, mut other: impl FnMut(T) -> U) -> PerClass<U> {
        PerClass { coding: other(self.coding), noncoding: other(self.noncoding), undecided: other(self.undecided) }
    }
}

impl<T> Index<Class> for PerClass<T> {
    type Output = T;

    fn index(&self, class: Class) -> &T {
        match class {
            Class::Coding => &self.coding,
            Class::NonCoding => &self.noncoding,
            Class::Undecided => &self.undecided,
        }
    }
}

impl<T> IndexMut<Class> for PerClass<T> {
    fn index_mut(&mut self, class: Class) -> &mut T {
        match class {
            Class::Coding => &mut self.coding,
            Class::NonCoding => &mut self.noncoding,
            Class::Undecided => &mut self.undecided,
        }
    }
}
