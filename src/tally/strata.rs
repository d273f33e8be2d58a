//! The distribution of coding reads over read lengths and GC contents, and counts of reads that models are weak on.

use serde::{Deserialize, Serialize};

use crate::composition;

/// The lower bounds of the length strata, in bases.
const LENGTHS: [u32; 8] = [0, 100, 150, 200, 250, 300, 500, 1000];

/// The lower bounds of the GC strata, in per cent.
const GC: [u32; 10] = [0, 25, 30, 35, 40, 45, 50, 55, 60, 65];

/// Reads by length and by GC content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strata {
    /// The reads by length in bases.
    pub by_length: Vec<Stratum>,
    /// The reads by GC content in per cent of the known bases; reads without a known base are left out.
    pub by_gc: Vec<Stratum>,
    /// Reads that models are weak on.
    pub weak: Weak,
}

/// The reads of one stratum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stratum {
    /// The lower bound of their length or GC content.
    pub from: u32,
    /// The number of reads.
    pub reads: u64,
    /// The number of coding reads.
    pub coding: u64,
}

/// Reads that models are weak on. One read may be several of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weak {
    /// Reads shorter than 100 bases.
    pub short: u64,
    /// Reads with unknown bases.
    pub unknown_bases: u64,
    /// Reads with a GC content of 65 % or more.
    pub rich_in_gc: u64,
    /// Reads of any of these kinds.
    pub any: u64,
}

impl Default for Strata {
    fn default() -> Self {
        let of = |starts: &[u32]| starts.iter().map(|&from| Stratum { from, reads: 0, coding: 0 }).collect();
        Self { by_length: of(&LENGTHS), by_gc: of(&GC), weak: Weak::default() }
    }
}

impl Strata {
    /// Counts a read.
    pub fn add(&mut self, bases: &[u8], is_coding: bool) {
        let length = u32::try_from(bases.len()).unwrap_or(u32::MAX);
        add(&mut self.by_length, length, is_coding);
        let gc = composition::gc_per_cent(bases);
        if let Some(gc) = gc {
            add(&mut self.by_gc, gc, is_coding);
        }
        let kinds = [length < LENGTHS[1], composition::has_unknown(bases), gc.is_some_and(|gc| gc >= GC[GC.len() - 1])];
        let Weak { short, unknown_bases, rich_in_gc, any } = &mut self.weak;
        for (count, is_one) in [short, unknown_bases, rich_in_gc].into_iter().zip(kinds) {
            *count += u64::from(is_one);
        }
        *any += u64::from(kinds.contains(&true));
    }

    /// Adds the counts of another run.
    pub fn merge(&mut self, other: &Self) {
        let pairs = self.by_length.iter_mut().zip(&other.by_length).chain(self.by_gc.iter_mut().zip(&other.by_gc));
        for (own, other) in pairs {
            own.reads += other.reads;
            own.coding += other.coding;
        }
        let Weak { short, unknown_bases, rich_in_gc, any } = other.weak;
        self.weak.short += short;
        self.weak.unknown_bases += unknown_bases;
        self.weak.rich_in_gc += rich_in_gc;
        self.weak.any += any;
    }
}

/// Counts a read in the stratum of its value.
fn add(strata: &mut [Stratum], value: u32, is_coding: bool) {
    if let Some(stratum) = strata.iter_mut().rfind(|stratum| stratum.from <= value) {
        stratum.reads += 1;
        stratum.coding += u64::from(is_coding);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_is_in_one_stratum_of_each_kind_and_weak_once() {
        let mut strata = Strata::default();
        strata.add("AT".repeat(75).as_bytes(), true);
        strata.add("GC".repeat(40).as_bytes(), false);
        strata.add("GCAN".repeat(40).as_bytes(), true);
        strata.add(b"NNN", false);
        let counted = |strata: &[Stratum]| -> Vec<(u32, u64, u64)> {
            strata.iter().filter(|one| one.reads > 0).map(|one| (one.from, one.reads, one.coding)).collect()
        };
        assert_eq!(counted(&strata.by_length), [(0, 2, 0), (150, 2, 2)]);
        assert_eq!(counted(&strata.by_gc), [(0, 1, 1), (65, 2, 1)]);
        assert_eq!(strata.weak, Weak { short: 2, unknown_bases: 2, rich_in_gc: 2, any: 3 });
        let mut twice = strata.clone();
        twice.merge(&strata);
        assert_eq!((twice.weak.any, twice.by_gc[9].reads), (6, 4));
    }
}
