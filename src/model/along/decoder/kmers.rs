//! Accesses the bases of a read through its overlapping 6-mers. Pure.

use crate::kmer::FIRST;

/// Stop codons as digits: TAA, TAG, TGA.
pub(super) const STOPS: [[u8; 3]; 3] = [[1, 0, 0], [1, 0, 3], [1, 3, 0]];
/// Start codons.
pub(super) const ATG: [u8; 3] = [0, 1, 3];
pub(super) const GTG: [u8; 3] = [3, 1, 3];
pub(super) const TTG: [u8; 3] = [1, 1, 3];

/// Up to six bases from base number `n` on, as one number in base 4 (A 0, T 1, C 2, G 3). They are taken from any 6-mer
/// around them without unknown bases; `None` if there is no such 6-mer.
pub(super) fn number(row: &[u16], n: usize, count: usize) -> Option<u16> {
    let around = (n + count).saturating_sub(6)..=n.min(row.len() - 1);
    around.rev().find_map(|first| {
        let known = row[first].checked_sub(FIRST)?;
        Some(known >> (2 * (6 - count - (n - first))) & ((1 << (2 * count)) - 1))
    })
}
