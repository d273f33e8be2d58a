//! Moves the ends of genes: one near a stop codon ends there, and one near a start codon starts there. Pure.
//!
//! Everything is computed in the gene's own direction, so that a read and its reverse complement get mirrored ends.

use super::kmers::{self, ATG, GTG, TTG};
use crate::prediction::Strand;

/// How far a stop codon or a start codon may lie from the border that the states indicate.
const REACH_STOP: usize = 27;
const REACH_START: usize = 18;

/// Codons as digits (A 0, T 1, C 2, G 3), and a penalty in bases that is added to their distance.
const STOPS: [([u8; 3], usize); 3] = [(kmers::STOPS[0], 0), (kmers::STOPS[1], 0), (kmers::STOPS[2], 0)];
const STARTS: [([u8; 3], usize); 3] = [(ATG, 0), (GTG, 6), (TTG, 9)];

/// One strand of a read, given by its overlapping 6-mers.
#[derive(Clone, Copy)]
pub(super) struct Bases<'a> {
    pub(super) row: &'a [u16],
    pub(super) strand: Strand,
}

impl Bases<'_> {
    pub(super) fn len(&self) -> usize {
        self.row.len() + 5
    }

    /// The digit of base number `n` in the direction of the strand; `None` if it is unknown.
    fn digit(&self, n: usize) -> Option<u8> {
        match self.strand {
            Strand::Plus => self.as_read(n),
            Strand::Minus => self.as_read(self.len() - 1 - n).map(|digit| digit ^ 1),
        }
    }

    /// The digit of base number `n` of the read.
    fn as_read(&self, n: usize) -> Option<u8> {
        Some(kmers::number(self.row, n, 1)?.to_le_bytes()[0])
    }

    fn codon(&self, n: usize) -> Option<[u8; 3]> {
        (n + 3 <= self.len()).then(|| Some([self.digit(n)?, self.digit(n + 1)?, self.digit(n + 2)?]))?
    }

    /// The starts of codons near `border` in the frame of `offset` that are among `wanted`, with their penalties.
    fn near<const N: usize>(
        &self,
        offset: usize,
        border: isize,
        reach: usize,
        wanted: &[([u8; 3], usize); N],
    ) -> impl DoubleEndedIterator<Item = (usize, usize)> {
        let first = border.saturating_sub_unsigned(reach).max(0).unsigned_abs();
        let first = first + (offset + 3 - first % 3) % 3;
        let behind = border.saturating_add_unsigned(reach + 1).max(0).unsigned_abs();
        (first..behind.max(first)).step_by(3).filter_map(move |at| {
            let codon = self.codon(at)?;
            let (_, penalty) = wanted.iter().find(|(other, _)| *other == codon)?;
            Some((at, *penalty))
        })
    }

    /// The end of a gene that ends at about `end`: after the stop codon nearby, if there is one after `start`.
    pub(super) fn stop(&self, offset: usize, start: usize, end: usize) -> Option<usize> {
        let border = end.cast_signed() - 3; // a position at the start of a read may have fewer bases than a codon
        let stops = self.near(offset, border, REACH_STOP, &STOPS);
        nearest(stops, border, REACH_STOP).map(|stop| stop + 3).filter(|&stop| stop > start)
    }

    /// Whether a gene that ends at `end` has a stop codon there.
    pub(super) fn ends_with_stop(&self, offset: usize, start: usize, end: usize) -> bool {
        let is_whole = end >= start + 3 && end % 3 == offset;
        is_whole && self.codon(end - 3).is_some_and(|codon| STOPS.iter().any(|(stop, _)| *stop == codon))
    }

    /// The start of a gene that starts at about `start`: the start codon nearby, if there is one before `end` without a
    /// stop codon between it and the gene.
    pub(super) fn start(&self, offset: usize, start: usize, end: usize) -> Option<usize> {
        let (border, behind) = (start.cast_signed(), self.behind_stops(offset, start, end));
        let starts = self.near(offset, border, REACH_START, &STARTS).filter(|&(at, _)| at >= behind);
        nearest(starts, border, REACH_START).filter(|&new| new < end)
    }

    /// The position after the last stop codon near the start of a gene that ends at `end`, with a codon after it; 0 if
    /// there is none.
    pub(super) fn behind_stops(&self, offset: usize, start: usize, end: usize) -> usize {
        let mut stops = self.near(offset, start.cast_signed(), REACH_START, &STOPS);
        stops.rfind(|(at, _)| at + 6 < end).map_or(0, |(at, _)| at + 3)
    }
}

/// The codon with the least sum of distance and penalty, if that is in reach; the first one, if several have the same
/// sum.
fn nearest(codons: impl Iterator<Item = (usize, usize)>, border: isize, reach: usize) -> Option<usize> {
    let far = codons.map(|(at, penalty)| (at.cast_signed().abs_diff(border) + penalty, at));
    far.min().filter(|(far, _)| *far <= reach).map(|(_, at)| at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kmer;

    fn row(bases: &[u8]) -> Vec<u16> {
        let mut row = Vec::new();
        kmer::tokenize(bases, 6, None, &mut row);
        row
    }

    proptest! {
        #[test]
        fn bases_are_read_back_from_their_kmers(bases in "[ACGT]{6,80}") {
            let (row, letters) = (row(bases.as_bytes()), b"ATCG");
            let plus = Bases { row: &row, strand: Strand::Plus };
            let read: Vec<u8> = (0..plus.len()).map(|n| letters[usize::from(plus.digit(n).unwrap())]).collect();
            prop_assert_eq!(&read, bases.as_bytes());
            let minus = Bases { row: &row, strand: Strand::Minus };
            let complement = |base: u8| letters[letters.iter().position(|&letter| letter == base).unwrap() ^ 1];
            let turned = (0..minus.len()).rev().map(|n| complement(letters[usize::from(minus.digit(n).unwrap())]));
            prop_assert_eq!(turned.collect::<Vec<u8>>(), read);
        }
    }

    #[test]
    fn an_unknown_base_is_none_and_its_neighbours_are_known() {
        let row = row(b"ACGTACGNACGTAC");
        let bases = Bases { row: &row, strand: Strand::Plus };
        let known: Vec<bool> = (0..14).map(|n| bases.digit(n).is_some()).collect();
        assert_eq!(known.iter().filter(|known| !**known).count(), 1);
        assert!(!known[7]);
    }

    #[test]
    fn a_near_gtg_does_not_win_over_an_atg_six_bases_further() {
        let row = row(b"CCCCCCATGCCCGTGCCCCCCCCCCCC");
        let bases = Bases { row: &row, strand: Strand::Plus };
        assert_eq!(bases.start(0, 12, 27), Some(6), "as far as GTG with its penalty, and first");
        assert_eq!(bases.start(0, 18, 27), Some(6), "12 bases away and 6 + 6: the first again");
        assert_eq!(bases.start(0, 27, 27), None, "21 bases away");
        assert_eq!(bases.start(0, 12, 6), None, "behind the end");
        assert_eq!(bases.start(1, 12, 27), None, "not in this frame");
    }

    #[test]
    fn a_gene_starts_behind_the_stop_codons_before_it() {
        let row = row(b"CCCATGTAACCCCCCATGCCCTGA");
        let bases = Bases { row: &row, strand: Strand::Plus };
        assert_eq!(bases.start(0, 6, 24), Some(15), "not at the ATG beside the border");
        assert_eq!(bases.behind_stops(0, 6, 24), 9, "its own stop codon is not before it");
        assert_eq!(bases.start(0, 6, 12), Some(3), "with nothing between the stop codon and the end");
        assert_eq!(bases.start(2, 6, 24), None);
        assert_eq!(bases.behind_stops(2, 6, 24), 0);
    }

    #[test]
    fn a_stop_codon_near_the_end_is_part_of_the_gene() {
        let row = row(b"CCCCCCCCCTAACCCCCC");
        let bases = Bases { row: &row, strand: Strand::Plus };
        assert_eq!([6, 9, 12, 18].map(|end| bases.stop(0, 0, end)), [Some(12); 4]);
        assert_eq!(bases.stop(0, 12, 18), None, "before the start");
        assert_eq!(bases.stop(2, 0, 12), None, "not in this frame");
        assert_eq!(bases.stop(0, 0, 1), Some(12), "even where the border is before the first base");
    }
}
