//! The positions of a read that the chain sees. Those of unknown bases are left out: they say nothing, and no gene begins or ends
//! in them. Pure.

use std::borrow::Cow;
use std::ops::Range;

use super::codons::Marks;
use super::grid::{POSITION, positions, side};
use super::kmers;
use crate::kmer::FIRST;

/// The positions that are known, in order; none where they are all of the read's.
#[derive(Debug, Default)]
pub(super) struct Places(Option<Vec<usize>>);

impl Places {
    /// Those whose middle base, or the read's nearest, is in a 6-mer without unknown bases. All, if there is none.
    pub(super) fn of(row: &[u16]) -> Self {
        if row.iter().all(|&id| id >= FIRST) {
            return Self::default();
        }
        let bases = row.len() + 5;
        let is_known = |t: &usize| {
            let middle = (POSITION * t + POSITION / 2).saturating_sub(side(bases)).min(bases - 1);
            kmers::number(row, middle, 1).is_some()
        };
        let known: Vec<usize> = (0..positions(bases)).filter(is_known).collect();
        Self((!known.is_empty()).then_some(known))
    }

    /// What known positions have, of what all have.
    pub(super) fn of_all<'a, T: Copy>(&self, all: &'a [T]) -> Cow<'a, [T]> {
        match self {
            Self(None) => all.into(),
            Self(Some(known)) => known.iter().map(|&t| all[t]).collect(),
        }
    }

    /// The codons between known positions, of those between all: codons of what is left out count too.
    pub(super) fn join(&self, marks: &mut Vec<Marks>) {
        if let Self(Some(known)) = self {
            let between = |pair: &[usize]| marks[pair[0]..pair[1]].iter().copied().fold(Marks::default(), Marks::or);
            *marks = known.windows(2).map(between).collect();
        }
    }

    /// From the first to the last of these known positions, as the read counts.
    pub(super) fn on_read(&self, known: Range<usize>) -> Range<usize> {
        match self {
            Self(None) => known,
            Self(Some(places)) => places[known.start]..places[known.end - 1] + 1,
        }
    }

    /// How many bases say anything.
    pub(super) fn bases(&self, row: &[u16]) -> usize {
        let all = row.len() + 5;
        self.0.as_ref().map_or(all, |known| all.min(POSITION * known.len()))
    }
}
