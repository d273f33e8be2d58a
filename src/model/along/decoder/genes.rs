//! Runs of a path, and genes that follow each other: where ends move to codons, little may be left of a short gene, inside another
//! one or behind it.

use std::ops::Range;

use crate::prediction::{Strand, Stretch};

/// Positions of one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) state: u8,
}

impl Run {
    /// Which strand codes; none where neither does.
    pub(super) fn strand(&self) -> Option<Strand> {
        match self.state {
            0 => None,
            1..4 => Some(Strand::Plus),
            _ => Some(Strand::Minus),
        }
    }
}

/// A gene's stretches, of one strand and with frameshifts between them; there is at least one.
type Gene<'a> = &'a [(Run, Stretch)];

/// The genes of a read without those that are not in order beside a longer one; of two equally long ones neither is left.
pub(super) fn in_order(mut genes: Vec<Gene<'_>>) -> Vec<Gene<'_>> {
    loop {
        let is_kept: Vec<bool> = (0..genes.len())
            .map(|n| {
                let before = n.checked_sub(1).is_none_or(|before| stays(genes[n], genes[before], genes[n]));
                before && genes.get(n + 1).is_none_or(|after| stays(genes[n], genes[n], after))
            })
            .collect();
        if is_kept.iter().all(|&is_kept| is_kept) {
            return genes;
        }
        let mut is_kept = is_kept.into_iter();
        genes.retain(|_| is_kept.next().unwrap_or(true));
    }
}

/// Whether a gene stays of two neighbours of which it is one.
fn stays(gene: Gene<'_>, left: Gene<'_>, right: Gene<'_>) -> bool {
    let (own, left, right) = (bases(gene), bases(left), bases(right));
    (left.start < right.start && left.end < right.end) || own.len() > left.len().min(right.len())
}

fn bases(gene: Gene<'_>) -> Range<u32> {
    gene[0].1.start..gene[gene.len() - 1].1.end
}
