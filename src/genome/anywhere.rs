//! Reads from any place of annotated sequences: within genes, within gaps and across both, as a sequencer would find
//! them. Pure.

use std::ops::Range;

use super::frame::main_frame;
use super::random::Random;
use super::windows::{Classes, Cut, Places, Sequence};

/// All reads of one length that hold only known bases, each clearly coding or non-coding.
#[derive(Clone, Debug)]
pub struct Anywhere {
    length: usize,
    /// The places where reads can start.
    places: Places,
    /// The coding ranges of each sequence, sorted and disjoint.
    coding: Vec<Vec<Range<usize>>>,
}

impl Anywhere {
    /// Collects the places for reads of this length on the sequences.
    #[must_use]
    pub fn of(sequences: &[Sequence], length: usize) -> Self {
        let (mut places, mut coding) = (Places::default(), Vec::new());
        for (number, sequence) in sequences.iter().enumerate() {
            let classes = Classes::of(sequence);
            places.add(number, &classes.known(), length);
            coding.push(classes.coding);
        }
        Self { length, places, coding }
    }

    /// Draws up to `count` different reads in random order, determined by the seed.
    #[must_use]
    pub fn draw(&self, sequences: &[Sequence], count: u64, seed: u64) -> Vec<Cut> {
        let mut random = Random::new(seed);
        let mut cuts = Vec::new();
        for (sequence, range, strand) in self.places.draw(&mut random, count, self.length) {
            let frame = main_frame(&sequences[sequence].annotation.parts, &range, strand);
            let coded = shared(&self.coding[sequence], &range);
            cuts.push(Cut { sequence, range, strand, coded, frame });
        }
        random.shuffle(&mut cuts);
        cuts
    }
}

/// The number of positions of a range that lie in the ranges of a sorted, disjoint list.
pub(super) fn shared(sorted: &[Range<usize>], range: &Range<usize>) -> usize {
    let first = sorted.partition_point(|other| other.end <= range.start);
    let others = sorted[first..].iter().take_while(|other| other.start < range.end);
    others.map(|other| other.end.min(range.end) - other.start.max(range.start)).sum()
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init, reason = "a list of one range")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::genome::{Annotation, Part};
    use crate::prediction::Strand;

    proptest! {
        #[test]
        fn reads_say_how_much_of_them_is_coding(
            bases in "[ACGT]{1,80}N?[ACGT]{0,30}",
            genes in proptest::collection::vec((0_usize..110, 1_usize..40), 0..4),
            hole in (0_usize..110, 0_usize..10),
            length in 1_usize..20,
            seed in any::<u64>(),
        ) {
            let parts: Vec<Range<usize>> = genes
                .iter()
                .map(|&(start, length)| start.min(bases.len())..(start + length).min(bases.len()))
                .collect();
            let hole = hole.0.min(bases.len())..(hole.0 + hole.1).min(bases.len());
            let part = |range: &Range<usize>| Part { range: range.clone(), strand: Strand::Plus, phase: Some(0) };
            let annotation =
                Annotation { parts: parts.iter().map(part).collect(), unclear: vec![hole.clone()] };
            let sequences = [Sequence { name: "c".into(), bases: bases.clone().into(), annotation }];
            let all = Anywhere::of(&sequences, length);
            let is_known = |position: usize| !hole.contains(&position) && &bases[position..=position] != "N";
            let starts = (0..(bases.len() + 1).saturating_sub(length)).filter(|&start| (start..start + length).all(is_known));
            let cuts = all.draw(&sequences, 1000, seed);
            prop_assert_eq!(cuts.len(), 2 * starts.count());
            for cut in cuts {
                let coded = cut.range.clone().filter(|position| parts.iter().any(|part| part.contains(position))).count();
                prop_assert_eq!(cut.coded, coded);
                prop_assert!(cut.range.clone().all(is_known));
            }
        }
    }
}
