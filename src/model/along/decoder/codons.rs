//! Maps stop and start codons to the borders between positions at which a gene with them would end or start. Pure.
//!
//! A position belongs to a gene if its middle base does. So each codon of a frame belongs to one border, and each
//! border has three codons.

use super::grid::POSITION;
use super::kmers::{self, ATG, GTG, STOPS, TTG};

/// The codons at the border after a position: bit s is the frame of state s + 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// Frames in which a gene that ends at this border has a stop codon.
    pub(super) stop: u8,
    /// Frames in which a gene that starts at this border starts with ATG.
    pub(super) start: u8,
    /// Frames in which a gene that starts at this border starts with GTG or TTG.
    pub(super) other_start: u8,
}

impl Marks {
    /// Whether a gene ends with its stop codon where one state follows another on its strand: the left one's on the
    /// plus strand, the right one's on the minus strand.
    pub(super) fn end_a_gene(self, from: u8, to: u8) -> bool {
        let ending = if to < 4 { from } else { to };
        self.stop >> (ending - 1) & 1 == 1
    }
}

/// Bits for what a codon of the read is on its own strand and, reverse-complemented, on the other.
const STOP: u8 = 1;
const START: u8 = 2;
const MINUS_STOP: u8 = 4;
const MINUS_START: u8 = 8;
const OTHER_START: u8 = 16;
const MINUS_OTHER_START: u8 = 32;

/// The bits by codon number: three digits of base 4 (A 0, T 1, C 2, G 3).
const KINDS: [u8; 64] = {
    let mut kinds = [0; 64];
    let mut n = 0;
    while n < STOPS.len() {
        add(&mut kinds, STOPS[n], STOP, MINUS_STOP);
        n += 1;
    }
    add(&mut kinds, ATG, START, MINUS_START);
    add(&mut kinds, GTG, OTHER_START, MINUS_OTHER_START);
    add(&mut kinds, TTG, OTHER_START, MINUS_OTHER_START);
    kinds
};

const fn add(kinds: &mut [u8; 64], codon: [u8; 3], plus: u8, minus: u8) {
    kinds[number(codon)] |= plus;
    kinds[number(turned(codon))] |= minus;
}

const fn number(codon: [u8; 3]) -> usize {
    (codon[0] << 4 | codon[1] << 2 | codon[2]) as usize
}

const fn turned(codon: [u8; 3]) -> [u8; 3] {
    [codon[2] ^ 1, codon[1] ^ 1, codon[0] ^ 1]
}

/// Computes the marks of a read's borders, one fewer than positions; `row` holds its overlapping 6-mers.
pub(super) fn mark(row: &[u16], side: usize, positions: usize, marks: &mut Vec<Marks>) {
    marks.clear();
    marks.resize(positions.saturating_sub(1), Marks::default());
    for n in 0..row.len() + 3 {
        let kind = kmers::number(row, n, 3).map_or(0, |codon| KINDS[usize::from(codon)]);
        if kind == 0 {
            continue;
        }
        let at = n + side;
        let (plus, minus) = (1 << (at % 3), 1 << (3 + (3 - at % 3) % 3));
        // The last base of a stop codon belongs to the gene, the base before a start codon does not.
        let middle = POSITION / 2;
        let borders = [at.checked_sub(middle - 2), at.checked_sub(middle + 1)];
        let [near, far] = borders.map(|behind| behind.map_or(usize::MAX, |behind| behind / POSITION));
        let if_is = |wanted: u8, frame: u8| if kind & wanted == 0 { 0 } else { frame };
        if let Some(marks) = marks.get_mut(near) {
            marks.stop |= if_is(STOP, plus);
            marks.start |= if_is(MINUS_START, minus);
            marks.other_start |= if_is(MINUS_OTHER_START, minus);
        }
        if let Some(marks) = marks.get_mut(far) {
            marks.start |= if_is(START, plus);
            marks.other_start |= if_is(OTHER_START, plus);
            marks.stop |= if_is(MINUS_STOP, minus);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::grid::{positions, side};
    use super::*;
    use crate::kmer;

    fn marks(bases: &str) -> Vec<Marks> {
        let (mut row, mut marks) = (Vec::new(), Vec::new());
        kmer::tokenize(bases.as_bytes(), 6, None, &mut row);
        mark(&row, side(bases.len()), positions(bases.len()), &mut marks);
        marks
    }

    /// The only border of a read that has a mark, and the mark. The read has 54 bases, six positions.
    fn only(bases: &str) -> (usize, Marks) {
        let found: Vec<(usize, Marks)> =
            marks(bases).into_iter().enumerate().filter(|(_, marks)| *marks != Marks::default()).collect();
        assert_eq!(found.len(), 1, "{bases}: {found:?}");
        found[0]
    }

    fn within(codon: &str, start: usize) -> String {
        ["C".repeat(start).as_str(), codon, &"C".repeat(51 - start)].concat()
    }

    #[test]
    fn a_codon_belongs_to_the_border_where_its_gene_ends_or_starts() {
        let middles: Vec<usize> = (0..6).map(|t| 9 * t + 4).collect();
        for start in 9..36 {
            let of_gene = middles.iter().filter(|&&middle| middle <= start + 2).count();
            let before = middles.iter().filter(|&&middle| middle < start).count();
            let (plus, minus) = (1 << (start % 3), 8 << ((3 - start % 3) % 3));
            let none = Marks::default();
            assert_eq!(only(&within("TGA", start)), (of_gene - 1, Marks { stop: plus, ..none }));
            let tca = within("TCA", start).replace("CAC", "CAG");
            assert_eq!(only(&tca), (before - 1, Marks { stop: minus, ..none }));
            let atg = within("ATG", start).replace("CAT", "GAT");
            assert_eq!(only(&atg), (before - 1, Marks { start: plus, ..none }));
            let cat = within("CAT", start).replace("ATC", "ATT");
            assert_eq!(only(&cat), (of_gene - 1, Marks { start: minus, ..none }));
            for (codon, turned) in [("GTG", "CAC"), ("TTG", "CAA")] {
                assert_eq!(only(&within(codon, start)), (before - 1, Marks { other_start: plus, ..none }));
                assert_eq!(only(&within(turned, start)), (of_gene - 1, Marks { other_start: minus, ..none }));
            }
        }
    }

    #[test]
    fn codons_beside_an_unknown_base_are_read() {
        for (read, stops) in
            [("CCCCCCNTGACCCCCC", 1), ("CCCCTGANCCCC", 1), ("CCCCCCCCTGA", 1), ("TGACCCCC", 1), ("NTGANNNNNN", 0)]
        {
            assert_eq!(marks(read).iter().filter(|marks| marks.stop != 0).count(), stops, "{read}");
        }
        assert_eq!(marks("CCCCCC"), [Marks::default()]);
    }
}
