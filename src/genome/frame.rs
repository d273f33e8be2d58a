//! Finds the frame of a read in a gene. Pure.

use std::ops::Range;

use super::annotation::Part;
use super::ranges::merged;
use crate::prediction::{Frame, Strand};

/// The frame of the read cut from `window` on this strand. `None` if no part contains all of it, or if the parts that
/// do differ in their frames.
pub(super) fn frame(parts: &[Part], window: &Range<usize>, strand: Strand) -> Option<Frame> {
    let around = parts.iter().filter(|part| part.range.start <= window.start && window.end <= part.range.end);
    let mut frames = around.map(|part| of_part(part, window, strand));
    let first = frames.next()??;
    frames.all(|other| other == Some(first)).then_some(first)
}

/// The frame that most of the read's bases in parts are in. `None` if two frames share the most, or if most are in a
/// part of unknown phase.
pub(super) fn main_frame(parts: &[Part], window: &Range<usize>, strand: Strand) -> Option<Frame> {
    let mut ranges: Vec<(Option<Frame>, Vec<Range<usize>>)> = Vec::new();
    for part in parts {
        let shared = part.range.start.max(window.start)..part.range.end.min(window.end);
        let frame = of_part(part, window, strand);
        match ranges.iter_mut().find(|(other, _)| *other == frame) {
            _ if shared.is_empty() => {}
            Some((_, own)) => own.push(shared),
            None => ranges.push((frame, vec![shared])),
        }
    }
    // Bases shared by isoforms count once.
    let bases: Vec<(Option<Frame>, usize)> =
        ranges.into_iter().map(|(frame, own)| (frame, merged(own).iter().map(Range::len).sum())).collect();
    let most = bases.iter().map(|(_, sum)| *sum).max()?;
    let mut best = bases.iter().filter(|(_, sum)| *sum == most);
    let (frame, _) = best.next()?;
    frame.filter(|_| best.next().is_none())
}

fn of_part(part: &Part, window: &Range<usize>, strand: Strand) -> Option<Frame> {
    let phase = usize::from(part.phase?);
    // The distance from the first base of the window, in the gene's direction, to the first base of the part's first
    // codon, modulo 3.
    let offset = match part.strand {
        Strand::Plus => part.range.start + phase + 2 * window.start,
        Strand::Minus => window.end + phase + 2 * part.range.end,
    } % 3;
    let strand = if part.strand == strand { Strand::Plus } else { Strand::Minus };
    Some(Frame { strand, offset: u8::try_from(offset).expect("below 3") })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::genome::Annotation;

    fn part(range: Range<usize>, strand: Strand, phase: u8) -> Part {
        Part { range, strand, phase: Some(phase) }
    }

    fn number(parts: &[Part], window: Range<usize>, strand: Strand) -> Option<i8> {
        frame(parts, &window, strand).map(Frame::number)
    }

    #[test]
    fn codons_are_counted_from_the_gene_s_own_start() {
        let plus = [part(10..40, Strand::Plus, 0)];
        assert_eq!([10, 11, 12, 13].map(|start| number(&plus, start..30, Strand::Plus)), [1, 3, 2, 1].map(Some));
        assert_eq!(number(&plus, 11..30, Strand::Minus), Some(-3));
        let minus = [part(10..40, Strand::Minus, 1)];
        assert_eq!([40, 39, 38].map(|end| number(&minus, 20..end, Strand::Minus)), [2, 1, 3].map(Some));
        assert_eq!(number(&minus, 20..40, Strand::Plus), Some(-2));
    }

    #[test]
    fn a_read_of_no_gene_or_of_two_frames_has_none() {
        let parts = [part(10..40, Strand::Plus, 0), part(0..35, Strand::Plus, 1), part(33..60, Strand::Plus, 0)];
        assert_eq!(number(&parts, 36..45, Strand::Plus), Some(1));
        assert_eq!(number(&parts, 11..20, Strand::Plus), Some(3));
        let other = [part(10..40, Strand::Plus, 0), part(0..35, Strand::Minus, 0)];
        assert_eq!(number(&other, 11..20, Strand::Plus), None);
        assert_eq!(number(&other, 5..50, Strand::Plus), None);
    }

    #[test]
    fn a_read_across_ends_has_the_frame_of_most_of_its_bases() {
        let parts = [part(10..40, Strand::Plus, 0), part(45..60, Strand::Minus, 0)];
        let number = |window: Range<usize>, strand| main_frame(&parts, &window, strand).map(Frame::number);
        assert_eq!([0, 7, 10].map(|start| number(start..30, Strand::Plus)), [2, 1, 1].map(Some));
        assert_eq!(number(0..30, Strand::Minus), Some(-2));
        assert_eq!(number(38..65, Strand::Plus), Some(-3));
        assert_eq!((number(35..50, Strand::Plus), number(40..45, Strand::Plus)), (None, None));
    }

    #[test]
    fn bases_of_several_isoforms_count_once() {
        let first = part(0..50, Strand::Plus, 0);
        let parts = [first.clone(), first.clone(), first, part(50..120, Strand::Plus, 0)];
        assert_eq!(main_frame(&parts, &(10..120), Strand::Plus).map(Frame::number), Some(2));
    }
    proptest! {
        #[test]
        fn codons_go_on_across_the_origin_of_a_circle(
            length in 20_usize..60, first in 0_usize..60, bases in 1_usize..60, phase in 0_u8..3,
            start in 0_usize..60, is_plus: bool, read_plus: bool,
        ) {
            let [strand, read] = [is_plus, read_plus].map(|is_plus| if is_plus { Strand::Plus } else { Strand::Minus });
            let first = first % length;
            let gene = part(first..first + bases.min(length), strand, phase);
            let own = Annotation { parts: vec![gene.clone()], ..Annotation::default() }.on(length).unwrap().parts;
            let start = start % length;
            let window = start..start + 1;
            let behind = start + length..start + length + 1;
            let expected = [&window, &behind].into_iter().find(|window| gene.range.contains(&window.start));
            prop_assert_eq!(frame(&own, &window, read), expected.and_then(|window| of_part(&gene, window, read)));
        }
    }
}
