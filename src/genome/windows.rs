//! All reads that can be cut from annotated sequences, and random samples of them. Pure.

use std::ops::Range;

use super::annotation::Annotation;
use super::frame::frame;
use super::random::Random;
use super::ranges::{less, merged};
use crate::prediction::{Frame, Strand};

/// A sequence and its annotation.
#[derive(Clone, Debug)]
pub struct Sequence {
    /// The name of the sequence.
    pub name: String,
    /// The bases of the sequence.
    pub bases: Vec<u8>,
    /// The annotation of the sequence, [fitted](Annotation::on) to its length.
    pub annotation: Annotation,
}

impl Sequence {
    /// Creates a sequence with these genes.
    ///
    /// # Errors
    /// A message for people if the genes do not lie on the sequence.
    pub fn annotated(name: String, bases: Vec<u8>, annotation: Annotation) -> Result<Self, String> {
        let annotation = annotation.on(bases.len()).map_err(|problem| format!("{name}: {problem}"))?;
        Ok(Self { name, bases, annotation })
    }

    /// The name of a sequence in the header of its record: all before the first whitespace.
    #[must_use]
    pub fn name_of(header: &[u8]) -> String {
        let name = header.split(u8::is_ascii_whitespace).next().unwrap_or_default();
        String::from_utf8_lossy(name).into_owned()
    }
}

/// A read cut from a sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The index of the sequence.
    pub sequence: usize,
    /// The range on the sequence.
    pub range: Range<usize>,
    /// The strand of the read.
    pub strand: Strand,
    /// The number of coding bases.
    pub coded: usize,
    /// The frame of its coding bases, if known.
    pub frame: Option<Frame>,
}

/// All reads of one length and class: each start that is possible, on both strands.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    /// For each range: the sequence, the first start, and the number of starts in the ranges before it.
    ranges: Vec<(usize, usize, u64)>,
    count: u64,
}

/// All reads of one length that hold only A, C, G and T, and are entirely coding or have no coding base.
#[derive(Clone, Debug)]
pub struct Windows {
    length: usize,
    coding: Places,
    noncoding: Places,
}

impl Windows {
    /// Collects the reads of this length on the sequences.
    ///
    /// # Panics
    /// If `length` is 0.
    #[must_use]
    pub fn of(sequences: &[Sequence], length: usize) -> Self {
        assert!(length > 0, "a read has bases");
        let (mut coding, mut noncoding) = (Places::default(), Places::default());
        for (number, sequence) in sequences.iter().enumerate() {
            let Classes { coding: own, noncoding: others } = Classes::of(sequence);
            coding.add(number, &own, length);
            noncoding.add(number, &others, length);
        }
        Self { length, coding, noncoding }
    }

    /// The number of possible coding and non-coding reads.
    #[must_use]
    pub fn counts(&self) -> [u64; 2] {
        [2 * self.coding.count, 2 * self.noncoding.count]
    }

    /// Draws up to `count` different reads of each class in random order, determined by the seed.
    #[must_use]
    pub fn draw(&self, sequences: &[Sequence], count: u64, seed: u64) -> Vec<Cut> {
        let mut random = Random::new(seed);
        let mut cuts = Vec::new();
        for (places, is_coding) in [(&self.coding, true), (&self.noncoding, false)] {
            for (sequence, range, strand) in places.draw(&mut random, count, self.length) {
                let parts = &sequences[sequence].annotation.parts;
                let frame = if is_coding { frame(parts, &range, strand) } else { None };
                let coded = if is_coding { self.length } else { 0 };
                cuts.push(Cut { sequence, range, strand, coded, frame });
            }
        }
        random.shuffle(&mut cuts);
        cuts
    }
}

impl Places {
    pub(super) fn add(&mut self, sequence: usize, ranges: &[Range<usize>], length: usize) {
        for range in ranges.iter().filter(|range| range.len() >= length) {
            self.ranges.push((sequence, range.start, self.count));
            self.count += (range.len() - length + 1) as u64;
        }
    }

    /// Draws up to `count` different places on either strand, for reads of the length with which the places were added.
    pub(super) fn draw(
        &self,
        random: &mut Random,
        count: u64,
        length: usize,
    ) -> impl Iterator<Item = (usize, Range<usize>, Strand)> {
        random.different(count, 2 * self.count).into_iter().map(move |drawn| {
            let (sequence, start) = self.at(drawn / 2);
            let strand = if drawn.is_multiple_of(2) { Strand::Plus } else { Strand::Minus };
            (sequence, start..start + length, strand)
        })
    }

    /// The sequence and the start of place number `n`.
    fn at(&self, n: u64) -> (usize, usize) {
        let after = self.ranges.partition_point(|&(.., before)| before <= n);
        let (sequence, first, before) = self.ranges[after - 1];
        (sequence, first + usize::try_from(n - before).expect("a sequence is in memory"))
    }
}

/// The coding and non-coding ranges of a sequence, without unknown bases.
#[derive(Clone, Debug)]
pub(super) struct Classes {
    pub(super) coding: Vec<Range<usize>>,
    pub(super) noncoding: Vec<Range<usize>>,
}

impl Classes {
    pub(super) fn of(sequence: &Sequence) -> Self {
        Self::of_annotation(sequence.bases.len(), &sequence.annotation, unknown(&sequence.bases))
    }

    /// The ranges of a sequence of this length, with unknown bases in the ranges `unknown`.
    pub(super) fn of_annotation(length: usize, annotation: &Annotation, unknown: Vec<Range<usize>>) -> Self {
        let parts = merged(annotation.parts.iter().map(|part| part.range.clone()).collect());
        let unclear = merged(annotation.unclear.iter().cloned().chain(unknown).collect());
        let whole = 0..length;
        let known = less(std::slice::from_ref(&whole), &unclear);
        Self { coding: less(&parts, &unclear), noncoding: less(&known, &parts) }
    }

    /// All ranges that are either coding or non-coding.
    pub(super) fn known(&self) -> Vec<Range<usize>> {
        merged(self.coding.iter().chain(&self.noncoding).cloned().collect())
    }
}

/// The ranges of unknown bases.
fn unknown(bases: &[u8]) -> Vec<Range<usize>> {
    let mut at = 0;
    let runs = bases.chunk_by(|one, next| is_base(*one) == is_base(*next)).map(|run| {
        at += run.len();
        (at - run.len()..at, is_base(run[0]))
    });
    runs.filter(|(_, known)| !known).map(|(range, _)| range).collect()
}

fn is_base(letter: u8) -> bool {
    b"ACGTacgt".contains(&letter)
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init, reason = "a list of one range")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::genome::Part;

    fn sequence(bases: &str, parts: &[Range<usize>], unclear: &[Range<usize>]) -> Sequence {
        let part = |range: &Range<usize>| Part { range: range.clone(), strand: Strand::Plus, phase: Some(0) };
        let annotation = Annotation { parts: parts.iter().map(part).collect(), unclear: unclear.to_vec() };
        let annotation = annotation.on(bases.len()).unwrap();
        Sequence { name: "c".into(), bases: bases.into(), annotation }
    }

    #[test]
    fn every_read_of_both_classes_can_be_drawn() {
        //                       0         1         2
        //                       0123456789012345678901234
        let sequence = sequence("ACGTACGTACGTACGTACNTACGTA", &[2..6, 5..9, 24..27], &[12..14]);
        let windows = Windows::of(std::slice::from_ref(&sequence), 2);
        let cuts = windows.draw(std::slice::from_ref(&sequence), 100, 1);
        let starts = |is_coding| {
            let own = cuts.iter().filter(|cut| (cut.coded > 0) == is_coding && cut.strand == Strand::Minus);
            let mut starts: Vec<usize> = own.map(|cut| cut.range.start).collect();
            starts.sort_unstable();
            starts
        };
        // The last gene continues at the start of the circle, where its two bases hold a read.
        assert_eq!(starts(true), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(starts(false), [9, 10, 14, 15, 16, 19, 20, 21, 22]);
        assert_eq!(windows.counts(), [16, 18]);
        assert_eq!(cuts.len(), 34);
    }

    proptest! {
        #[test]
        fn reads_are_wholly_of_their_class(
            bases in "[ACGTN]{1,80}",
            part in (0_usize..80, 1_usize..40),
            hole in (0_usize..80, 0_usize..10),
            length in 1_usize..12,
            seed in any::<u64>(),
        ) {
            let within = |(start, length): (usize, usize)| start.min(bases.len())..(start + length).min(bases.len());
            let (parts, holes) = ([within(part)], [within(hole)]);
            let sequence = sequence(&bases, &parts, &holes);
            let sequences = std::slice::from_ref(&sequence);
            let cuts = Windows::of(sequences, length).draw(sequences, 10, seed);
            for cut in &cuts {
                prop_assert_eq!(cut.range.len(), length);
                let covered = cut.range.clone().filter(|position| parts[0].contains(position)).count();
                prop_assert_eq!(covered, cut.coded);
                prop_assert!(covered == 0 || covered == length);
                prop_assert!(cut.range.clone().all(|position| !holes[0].contains(&position)));
                prop_assert!(!bases[cut.range.clone()].contains('N'));
            }
            prop_assert_eq!(&cuts, &Windows::of(sequences, length).draw(sequences, 10, seed));
        }
    }
}
