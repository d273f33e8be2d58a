//! A read's bases, known by its overlapping 6-mers. Pure.

use crate::kmer::FIRST;

/// Codons that end a gene, as digits: TAA, TAG, TGA.
pub(super) const STOPS: [[u8; 3]; 3] = [[1, 0, 0], [1, 0, 3], [1, 3, 0]];
/// Start codons.
pub(super) const ATG: [u8; 3] = [0, 1, 3];
pub(super) const GTG: [u8; 3] = [3, 1, 3];
pub(super) const TTG: [u8; 3] = [1, 1, 3];

/// The bases from the n-th on, `count` of them and at most six, as one number: a digit of base 4 each, A 0, T 1, C 2, G 3. By
/// any 6-mer around them that has no unknown base; none if there is no such 6-mer.
pub(super) fn number(row: &[u16], n: usize, count: usize) -> Option<u16> {
    let around = (n + count).saturating_sub(6)..=n.min(row.len() - 1);
    around.rev().find_map(|first| {
        let known = row[first].checked_sub(FIRST)?;
        Some(known >> (2 * (6 - count - (n - first))) & ((1 << (2 * count)) - 1))
    })
}
