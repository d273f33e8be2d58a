//! Runs of a path, and the order of genes: where ends are moved to codons, little may be left of a short gene, inside
//! another one or behind it.

use std::ops::Range;

use crate::prediction::{Strand, Stretch};

/// Consecutive positions in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) state: u8,
}

impl Run {
    /// The coding strand; `None` if neither strand is coding.
    pub(super) fn strand(&self) -> Option<Strand> {
        match self.state {
            0 => None,
            1..4 => Some(Strand::Plus),
            _ => Some(Strand::Minus),
        }
    }
}

/// The stretches of a gene, on one strand and separated by frameshifts; there is at least one.
pub(super) type Gene<'a> = &'a [(Run, Stretch)];

/// Drops genes that are out of order with a longer neighbour; if both are equally long, both are dropped.
pub(super) fn in_order(mut genes: Vec<Gene<'_>>) -> Vec<Gene<'_>> {
    loop {
        let mut is_kept = vec![true; genes.len()];
        for (n, beside) in genes.windows(2).enumerate() {
            let (left, right) = (bases(beside[0]), bases(beside[1]));
            if left.start >= right.start || left.end >= right.end {
                is_kept[n] &= left.len() > right.len();
                is_kept[n + 1] &= right.len() > left.len();
            }
        }
        if is_kept.iter().all(|&is_kept| is_kept) {
            return genes;
        }
        let mut is_kept = is_kept.into_iter();
        genes.retain(|_| is_kept.next().unwrap_or(true));
    }
}

/// The positions of a gene.
pub(super) fn positions(gene: Gene<'_>) -> Range<usize> {
    gene[0].0.start..gene[gene.len() - 1].0.end
}

fn bases(gene: Gene<'_>) -> Range<u32> {
    gene[0].1.start..gene[gene.len() - 1].1.end
}
