//! Turns the runs of a path into stretches of bases. A gene ends at a stop codon near the end of its run, and starts at
//! a start codon likewise; no gene begins or ends with unknown bases. Pure.

use super::ends::Bases;
use super::genes::Run;
use super::grid::{POSITION, side};
use super::kmers;
use super::seen::Seen;
use crate::prediction::{Frame, Strand, Stretch};

impl Seen<'_> {
    /// The coding runs of a path with their stretches, whose probabilities, those of their genes, are still 0. `parts`
    /// tells whether two adjacent runs on one strand are separate genes at a border.
    pub(super) fn coding_runs(&self, path: &[u8], parts: impl Fn(usize) -> bool) -> Vec<(Run, Stretch)> {
        let mut found = Vec::new();
        let Some(&first) = path.first() else { return found };
        let mut before = None;
        let mut run = Run { start: 0, end: 0, state: first };
        loop {
            run.end = path[run.start..].iter().position(|&s| s != run.state).map_or(path.len(), |n| run.start + n);
            let after = path.get(run.end).map(|&state| Run { start: run.end, end: run.end, state });
            if let Some(strand) = run.strand() {
                let is_apart = |other: Run, behind: usize| other.strand() != Some(strand) || parts(behind);
                let left = before.map(|other| is_apart(other, run.start));
                let right = after.map(|other| is_apart(other, run.end));
                found.push((run, self.coding_bases(run, strand, [left, right])));
            }
            let Some(next) = after else { return found };
            (before, run) = (Some(run), next);
        }
    }

    /// The stretch of one run. `apart` tells for each neighbouring run, if there is one, whether it belongs to another
    /// gene.
    fn coding_bases(&self, run: Run, strand: Strand, apart: [Option<bool>; 2]) -> Stretch {
        let bases = Bases { row: &self.row, strand };
        let (length, side) = (bases.len(), side(bases.len()));
        let offset = (usize::from(run.state - 1) % 3 + POSITION - side) % 3;
        let (start, end) = ((POSITION * run.start).saturating_sub(side), (POSITION * run.end - side).min(length));
        let continues = apart[0] == Some(false);
        let turned = |(start, end): (usize, usize)| (length - end, length - start);
        // In the gene's direction. The gene begins or ends here if the neighbour is apart, but not at a frameshift or
        // at the end of the read.
        let ((start, end), [before, after]) = match strand {
            Strand::Plus => ((start, end), apart),
            Strand::Minus => (turned((start, end)), [apart[1], apart[0]]),
        };
        let begins = before == Some(true);
        let stop = if after == Some(true) { bases.stop(offset, start, end) } else { None };
        let end = stop.unwrap_or(end);
        let has_stop = stop.is_some() || after.is_none() && bases.ends_with_stop(offset, start, end);
        let first = if begins { bases.start(offset, start, end) } else { None };
        let start = match first {
            None if begins => start.max(bases.behind_stops(offset, start, end)),
            first => first.unwrap_or(start),
        };
        let (start, end) = self.known(if strand == Strand::Plus { (start, end) } else { turned((start, end)) });
        let base = |n: usize| u32::try_from(n).expect("a read has fewer than 2^32 bases");
        Stretch {
            start: base(start),
            end: base(end),
            frame: Frame { strand, offset: u8::try_from(offset).expect("below 3") },
            probability: 0.0,
            has_start: first.is_some(),
            has_stop,
            continues,
        }
    }

    /// Trims unknown bases from both ends of a range. If the read has known bases, so has the range: a position has
    /// more bases than the network sees of a run of unknown ones.
    fn known(&self, (start, end): (usize, usize)) -> (usize, usize) {
        let is_known = |&n: &usize| kmers::number(&self.row, n, 1).is_some();
        let (first, last) = ((start..end).find(is_known), (start..end).rfind(is_known));
        first.zip(last).map_or((start, end), |(first, last)| (first, last + 1))
    }
}
