//! Labels reads by the place they are aligned to. Pure.

use std::ops::Range;

use super::annotation::{Annotation, Part};
use super::anywhere::shared;
use super::frame::{frame, main_frame};
use super::ranges::{less, merged};
use super::windows::Classes;
use crate::prediction::{Frame, Strand};

/// The rule by which a place makes a read coding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LabelRule {
    /// Reads entirely within coding sequences are coding, those entirely outside non-coding; others have no label.
    Whole,
    /// Reads with at least this share of coding positions are coding.
    Share(f64),
}

/// The annotation of one sequence, prepared for labelling many reads.
#[derive(Clone, Debug)]
pub struct Labels {
    classes: Classes,
    /// The parts, sorted by their start.
    parts: Vec<Part>,
    /// The length of the longest part.
    longest: usize,
}

impl Labels {
    /// Prepares a sequence of this length, to which both annotations have been fitted. Nothing is non-coding within the
    /// genes of `doubtful`, including broken ones.
    #[must_use]
    pub fn of(length: usize, annotation: Annotation, doubtful: Annotation) -> Self {
        let mut classes = Classes::of_annotation(length, &annotation, Vec::new());
        let doubtful = merged(doubtful.parts.into_iter().map(|part| part.range).chain(doubtful.unclear).collect());
        classes.noncoding = less(&classes.noncoding, &doubtful);
        let mut parts = annotation.parts;
        parts.sort_by_key(|part| part.range.start);
        let longest = parts.iter().map(|part| part.range.len()).max().unwrap_or(0);
        Self { classes, parts, longest }
    }

    /// Whether a read at these positions is coding; `None` if that is unclear.
    #[must_use]
    pub fn label(&self, blocks: &[Range<usize>], rule: LabelRule) -> Option<bool> {
        let sum = |ranges: &[Range<usize>]| blocks.iter().map(|block| shared(ranges, block)).sum::<usize>();
        let positions = blocks.iter().map(Range::len).sum::<usize>();
        let (coding, noncoding) = (sum(&self.classes.coding), sum(&self.classes.noncoding));
        if positions == 0 || coding + noncoding < positions {
            return None;
        }
        match rule {
            LabelRule::Whole if coding == positions => Some(true),
            LabelRule::Whole if noncoding == positions => Some(false),
            LabelRule::Whole => None,
            LabelRule::Share(least) => {
                #[expect(clippy::cast_precision_loss, reason = "bases of a read")]
                let share = coding as f64 / positions as f64;
                Some(coding > 0 && share >= least)
            }
        }
    }

    /// The frame of a read that is aligned base for base, on this strand.
    #[must_use]
    pub fn frame(&self, window: &Range<usize>, strand: Strand, rule: LabelRule) -> Option<Frame> {
        let first = self.parts.partition_point(|part| part.range.start + self.longest <= window.start);
        let end = self.parts.partition_point(|part| part.range.start < window.end);
        let near = &self.parts[first.min(end)..end];
        match rule {
            LabelRule::Whole => frame(near, window, strand),
            LabelRule::Share(_) => main_frame(near, window, strand),
        }
    }
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init, reason = "a list of one range")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn annotation(parts: &[Range<usize>], unclear: &[Range<usize>]) -> Annotation {
        let part = |range: &Range<usize>| Part { range: range.clone(), strand: Strand::Plus, phase: Some(0) };
        Annotation { parts: parts.iter().map(part).collect(), unclear: unclear.to_vec() }
    }

    fn labels(parts: &[Range<usize>], unclear: &[Range<usize>]) -> Labels {
        Labels::of(200, annotation(parts, unclear), Annotation::default())
    }

    #[test]
    fn what_may_code_is_never_noncoding() {
        let labels = Labels::of(200, annotation(&[50..100], &[]), annotation(&[90..120, 110..130], &[150..160]));
        let label = |start: usize| labels.label(&[start..start + 10], LabelRule::Whole);
        let found = [0, 50, 90, 95, 100, 125, 130, 145, 160].map(label);
        let [no, yes] = [false, true].map(Some);
        assert_eq!(found, [no, yes, yes, None, None, None, no, None, no]);
    }

    fn ranges() -> impl Strategy<Value = Vec<Range<usize>>> {
        prop::collection::vec((0_usize..150, 1_usize..50).prop_map(|(start, length)| start..start + length), 0..5)
    }

    proptest! {
        #[test]
        fn labels_are_those_of_counting_positions(
            parts in ranges(), unclear in ranges(), start in 0_usize..100, lengths in prop::collection::vec(1_usize..20, 1..4), least in 0.01_f64..=1.0,
        ) {
            let mut at = start;
            let mut blocks = Vec::new();
            for length in lengths {
                blocks.push(at..at + length);
                at += length + 5;
            }
            let labels = labels(&parts, &unclear);
            let holds = |ranges: &[Range<usize>], position: usize| ranges.iter().any(|range| range.contains(&position));
            let positions: Vec<usize> = blocks.iter().cloned().flatten().collect();
            let coding = positions.iter().filter(|&&position| holds(&parts, position)).count();
            let is_clear = !positions.iter().any(|&position| holds(&unclear, position));
            let share = f64::from(u32::try_from(coding).unwrap()) / f64::from(u32::try_from(positions.len()).unwrap());
            let whole = match coding {
                0 => Some(false),
                all if all == positions.len() => Some(true),
                _ => None,
            };
            prop_assert_eq!(labels.label(&blocks, LabelRule::Whole), whole.filter(|_| is_clear));
            prop_assert_eq!(labels.label(&blocks, LabelRule::Share(least)), Some(coding > 0 && share >= least).filter(|_| is_clear));
        }

        #[test]
        fn frames_are_those_of_all_parts(parts in ranges(), start in 0_usize..150, length in 1_usize..40, is_plus: bool) {
            let labels = labels(&parts, &[]);
            let (window, strand) = (start..start + length, if is_plus { Strand::Plus } else { Strand::Minus });
            let all = labels.parts.clone();
            prop_assert_eq!(labels.frame(&window, strand, LabelRule::Whole), frame(&all, &window, strand));
            prop_assert_eq!(labels.frame(&window, strand, LabelRule::Share(0.5)), main_frame(&all, &window, strand));
        }
    }
}
