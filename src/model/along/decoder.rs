//! From a read's logits to what is said of it: its probability, its frame, and the stretches that code. Pure: knows no tensor.
//!
//! A position is nine bases. A read is padded with the same number of bases on both sides, so that the positions of a strand
//! are those of the other. The rules are those of `workflows/training/ALONG.md`.

mod chain;
mod codons;
mod ends;
mod genes;
mod grid;
mod kmers;
mod settings;

use crate::model::calibration::Calibration;
use crate::prediction::{Frame, Prediction, Strand, Stretch, Stretches};
use chain::{Chain, Memory};
use ends::Bases;
use genes::Run;
use grid::POSITION;
pub(super) use grid::{positions, side};
pub(in crate::model) use settings::{BreakEven, DecoderSettings, ShortReads};

/// Logits of a position: none, plus 0 1 2, minus 0 1 2, frames of the padded read.
pub(in crate::model) const LOGITS: usize = chain::STATES;

/// A decoder with its costs.
#[derive(Clone, Debug)]
pub(super) struct Decoder {
    rules: Rules,
    /// The rules of reads of at most so many bases, where they have their own.
    short: Option<(usize, Rules)>,
}

/// How calls are made of logits, and probabilities of calls.
#[derive(Clone, Debug)]
struct Rules {
    chain: Chain,
    calibration: Calibration,
}

/// Working memory, kept from read to read.
#[derive(Debug, Default)]
pub(super) struct Scratch(Memory);

impl Decoder {
    /// `short`: how short reads are decoded, if otherwise.
    pub(super) fn new(settings: &DecoderSettings, calibration: &BreakEven, short: Option<&ShortReads>) -> Self {
        let short = short.map(|short| (short.bases, Rules::new(&short.decoder, &short.calibration)));
        Self { rules: Rules::new(settings, calibration), short }
    }

    /// What is said of one read; its stretches become a row of `into`.
    ///
    /// `row` holds the read's overlapping 6-mers, `logits` those of its positions.
    pub(super) fn decode(
        &self,
        row: &[u16],
        logits: &[[f32; LOGITS]],
        Scratch(memory): &mut Scratch,
        into: &mut Stretches,
    ) -> Prediction {
        let bases = row.len() + 5;
        debug_assert_eq!(logits.len(), positions(bases), "{bases}");
        codons::mark(row, side(bases), logits.len(), &mut memory.marks);
        let rules = self.rules_of(bases);
        let call = rules.chain.call(logits, memory);
        rules.stretches(row, logits, memory, into);
        into.end_row();
        let (log_odds, frame) = rules.chain.break_even(call, logits, memory);
        let probability = rules.probability(log_odds + poison(logits), bases);
        Prediction { probability, frame: Some(on_read(frame, bases)) }
    }

    /// The rules of a read of so many bases.
    fn rules_of(&self, bases: usize) -> &Rules {
        match &self.short {
            Some((most, rules)) if bases <= *most => rules,
            _ => &self.rules,
        }
    }
}

impl Rules {
    fn new(settings: &DecoderSettings, calibration: &BreakEven) -> Self {
        Self { chain: Chain::new(settings), calibration: calibration.by_length.clone() }
    }

    /// Adds the stretches of the call in memory, with the probabilities of their genes. A gene's is that of a read of these bases
    /// which would say as much: at the opposite odds, calls would do without the gene.
    fn stretches(&self, row: &[u16], logits: &[[f32; LOGITS]], memory: &Memory, into: &mut Stretches) {
        let found = coding_runs(row, &memory.path);
        for gene in genes::in_order(found.chunk_by(|_, (_, next)| next.continues).collect()) {
            let log_odds = self.chain.evidence(genes::positions(gene), logits, memory);
            let probability = self.probability(log_odds, row.len() + 5);
            for &(_, stretch) in gene {
                into.push(Stretch { probability, ..stretch });
            }
        }
    }

    /// The probability of a read of so many bases that speaks so much for coding.
    #[expect(clippy::cast_possible_truncation, reason = "a probability needs no more than f32")]
    fn probability(&self, log_odds: f64, bases: usize) -> f32 {
        self.calibration.probability(log_odds, bases) as f32
    }
}

/// The runs of a path that code, each with its bases; probabilities are those of their genes, and 0 here.
fn coding_runs(row: &[u16], path: &[u8]) -> Vec<(Run, Stretch)> {
    let mut found = Vec::new();
    let Some(&first) = path.first() else { return found };
    let mut before = None;
    let mut run = Run { start: 0, end: 0, state: first };
    loop {
        run.end = path[run.start..].iter().position(|&s| s != run.state).map_or(path.len(), |n| run.start + n);
        let after = path.get(run.end).map(|&state| Run { start: run.end, end: run.end, state });
        if let Some(strand) = run.strand() {
            found.push((run, stretch(row, run, strand, [before, after])));
        }
        let Some(next) = after else { return found };
        (before, run) = (Some(run), next);
    }
}

/// The bases of one run of positions, given those beside it, if there are any.
fn stretch(row: &[u16], run: Run, strand: Strand, beside: [Option<Run>; 2]) -> Stretch {
    let bases = Bases { row, strand };
    let (length, side) = (bases.len(), side(bases.len()));
    let offset = (usize::from(run.state - 1) % 3 + POSITION - side) % 3;
    let (start, end) = ((POSITION * run.start).saturating_sub(side), (POSITION * run.end - side).min(length));
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

/// NaN if a logit is no finite number, and 0 otherwise: a path may go around such a logit, the read's probability may not.
fn poison(logits: &[[f32; LOGITS]]) -> f64 {
    logits.as_flattened().iter().map(|&logit| f64::from(logit * 0.0)).sum()
}

/// A frame of the padded read, as the read counts.
fn on_read(frame: usize, bases: usize) -> Frame {
    let padded = Frame::ALL[frame];
    let offset = (usize::from(padded.offset) + POSITION - side(bases)) % 3;
    Frame { offset: u8::try_from(offset).expect("below 3"), ..padded }
}

#[cfg(test)]
mod tests;
