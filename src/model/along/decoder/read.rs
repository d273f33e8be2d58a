//! From runs of a path to bases of a read: a gene ends at a stop codon near the end of its run, and starts likewise. Pure.

use super::ends::Bases;
use super::genes::Run;
use super::grid::{POSITION, side};
use super::known::Places;
use crate::prediction::{Frame, Strand, Stretch};

/// A read, and which of its positions are in the path.
pub(super) struct Read<'a> {
    /// Its overlapping 6-mers.
    pub(super) row: &'a [u16],
    pub(super) places: Places,
}

impl Read<'_> {
    /// The runs of a path that code, each with its bases; probabilities are those of their genes, and 0 here.
    pub(super) fn coding_runs(&self, path: &[u8]) -> Vec<(Run, Stretch)> {
        let mut found = Vec::new();
        let Some(&first) = path.first() else { return found };
        let mut before = None;
        let mut run = Run { start: 0, end: 0, state: first };
        loop {
            run.end = path[run.start..].iter().position(|&s| s != run.state).map_or(path.len(), |n| run.start + n);
            let after = path.get(run.end).map(|&state| Run { start: run.end, end: run.end, state });
            if let Some(strand) = run.strand() {
                found.push((run, self.stretch(run, strand, [before, after])));
            }
            let Some(next) = after else { return found };
            (before, run) = (Some(run), next);
        }
    }

    /// The bases of one run of positions, given those beside it, if there are any.
    fn stretch(&self, run: Run, strand: Strand, beside: [Option<Run>; 2]) -> Stretch {
        let bases = Bases { row: self.row, strand };
        let (length, side) = (bases.len(), side(bases.len()));
        let offset = (usize::from(run.state - 1) % 3 + POSITION - side) % 3;
        let on_read = self.places.on_read(run.start..run.end);
        let (start, end) =
            ((POSITION * on_read.start).saturating_sub(side), (POSITION * on_read.end - side).min(length));
        // Whether the gene begins and ends here, from left to right: a frameshift is neither.
        let [left, right] = beside.map(|other| other.is_some_and(|other| other.strand() != Some(strand)));
        let continues = beside[0].is_some() && !left;
        let turned = |(start, end): (usize, usize)| (length - end, length - start);
        let ((start, end), [begins, ends]) = match strand {
            Strand::Plus => ((start, end), [left, right]),
            Strand::Minus => (turned((start, end)), [right, left]),
        };
        let stop = if ends { bases.stop(offset, start, end) } else { None };
        let end = stop.unwrap_or(end);
        let first = if begins { bases.start(offset, start, end) } else { None };
        let start = first.unwrap_or(start);
        let (start, end) = if strand == Strand::Plus { (start, end) } else { turned((start, end)) };
        let base = |n: usize| u32::try_from(n).expect("a read has fewer than 2^32 bases");
        Stretch {
            start: base(start),
            end: base(end),
            frame: Frame { strand, offset: u8::try_from(offset).expect("below 3") },
            probability: 0.0,
            has_start: first.is_some(),
            has_stop: stop.is_some(),
            continues,
        }
    }
}
