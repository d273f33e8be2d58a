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
mod line;
mod read;
mod seen;
mod settings;
mod steps;

use crate::model::calibration::Calibration;
use crate::prediction::{Frame, Genes, Prediction, Stretch, Stretches};
use chain::{Call, Chain, Memory};
use grid::POSITION;
pub(super) use grid::{positions, side};
pub(super) use seen::Seen;
pub(in crate::model) use settings::{BreakEven, DecoderSettings, ShortReads};

/// Logits of a position: none, plus 0 1 2, minus 0 1 2, frames of the padded read.
pub(in crate::model) const LOGITS: usize = chain::STATES;

/// A decoder with its costs.
#[derive(Clone, Debug)]
pub(super) struct Decoder {
    rules: Rules,
    /// The rules of short reads, where they have their own.
    short: Option<Short>,
}

/// The rules of reads of at most so many bases.
#[derive(Clone, Debug)]
struct Short {
    bases: usize,
    rules: Rules,
    /// How longer reads are told that are called by these rules too.
    unshifted: Option<Unshifted>,
}

/// Longer reads without insertions and deletions: contigs, and reads of sequencers that make few of them. To let their genes shift
/// the frame as cheaply as a nanopore's errors do would join neighbouring genes to one.
#[derive(Clone, Debug)]
struct Unshifted {
    /// The costs of all longer reads, but for shifts, which there are not.
    chain: Chain,
    /// The most that shifts gain a coding position.
    below: f64,
}

/// How calls are made of logits, and probabilities of calls.
#[derive(Clone, Debug)]
struct Rules {
    chain: Chain,
    calibration: Calibration,
}

/// No sample has so few reads that are not coding that a read of a lower probability would be called coding.
const LEAST: f32 = 0.005;

/// How a read was called.
struct Called<'a> {
    /// Its probability follows from this.
    call: Call,
    /// Its genes are on this path, by these rules.
    path: Call,
    genes: &'a Rules,
}

/// Working memory, kept from read to read.
#[derive(Debug, Default)]
pub(super) struct Scratch(Memory);

impl Decoder {
    /// `short`: how short reads are decoded, if otherwise.
    pub(super) fn new(settings: &DecoderSettings, calibration: &BreakEven, short: Option<&ShortReads>) -> Self {
        let unshifted = |below| Unshifted { chain: Chain::without_shifts(settings), below };
        let short = short.map(|short| Short {
            bases: short.bases,
            rules: Rules::new(&short.decoder, &short.calibration),
            unshifted: short.unshifted_below.map(unshifted),
        });
        Self { rules: Rules::new(settings, calibration), short }
    }

    /// What is said of one read; its genes become a row of `into`. `logits` are those of the positions that are seen.
    pub(super) fn decode(
        &self,
        seen: &Seen<'_>,
        logits: &[[f32; LOGITS]],
        Scratch(memory): &mut Scratch,
        into: &mut Genes,
    ) -> Prediction {
        let bases = seen.bases();
        debug_assert_eq!(logits.len(), positions(bases), "{bases}");
        codons::mark(&seen.row, side(bases), logits.len(), &mut memory.marks);
        let rules = self.rules_of(bases);
        let Called { call, path, genes } = self.call(bases, logits, memory);
        genes.stretches(seen, logits, 0.0, memory, &mut into.called);
        let (log_odds, frame) = rules.chain.break_even(call, logits, memory);
        let probability = rules.probability(log_odds + poison(logits), bases);
        if probability >= LEAST && path.is_mostly_none(logits.len()) && seen.is_known() {
            let is_own = std::ptr::eq(genes, rules);
            let own = if is_own { log_odds } else { genes.chain.break_even(path, logits, memory).0 };
            genes.chain.turn(own, logits, memory);
            genes.stretches(seen, logits, probability, memory, &mut into.if_coding);
        }
        into.end_row();
        Prediction { probability, frame: Some(seen.frame(unpadded(frame, bases))) }
    }

    /// The call of a read of so many bases, whose path is left in memory. Longer reads that are called as short ones are have the path,
    /// the frame and the genes of those alone: a read's probability does not hang on which of both it is.
    fn call(&self, bases: usize, logits: &[[f32; LOGITS]], memory: &mut Memory) -> Called<'_> {
        let own = self.rules_of(bases);
        let call = own.chain.call(logits, memory);
        match &self.short {
            Some(Short { bases: most, rules, unshifted: Some(unshifted) })
                if bases > *most && own.chain.gain(call, &unshifted.chain, logits, memory) < unshifted.below =>
            {
                let path = rules.chain.call(logits, memory);
                Called { call: call.in_frame_of(path, logits.len()), path, genes: rules }
            }
            _ => Called { call, path: call, genes: own },
        }
    }

    /// The rules of a read of so many bases.
    fn rules_of(&self, bases: usize) -> &Rules {
        match &self.short {
            Some(short) if bases <= short.bases => &short.rules,
            _ => &self.rules,
        }
    }
}

impl Rules {
    fn new(settings: &DecoderSettings, calibration: &BreakEven) -> Self {
        Self { chain: Chain::new(settings), calibration: calibration.by_length.clone() }
    }

    /// Adds the stretches of the path in memory, made of these logits, with the probabilities of their genes. A gene's is that of
    /// a read of these bases which would say as much: at the opposite odds, calls would do without the gene. None is below `least`.
    fn stretches(&self, seen: &Seen<'_>, logits: &[[f32; LOGITS]], least: f32, memory: &Memory, into: &mut Stretches) {
        let found = seen.coding_runs(&memory.path, |border| self.chain.parts(border, memory));
        for gene in genes::in_order(found.chunk_by(|_, (_, next)| next.continues).collect()) {
            let log_odds = self.chain.evidence(genes::positions(gene), logits, memory);
            let probability = self.probability(log_odds, seen.bases()).max(least);
            for &(_, stretch) in gene {
                into.push(Stretch { probability, ..seen.stretch(stretch) });
            }
        }
    }

    /// The probability of a read of so many bases that speaks so much for coding.
    #[expect(clippy::cast_possible_truncation, reason = "a probability needs no more than f32")]
    fn probability(&self, log_odds: f64, bases: usize) -> f32 {
        self.calibration.probability(log_odds, bases) as f32
    }
}

/// NaN if a logit is no finite number, and 0 otherwise: a path may go around such a logit, the read's probability may not.
fn poison(logits: &[[f32; LOGITS]]) -> f64 {
    logits.as_flattened().iter().map(|&logit| f64::from(logit * 0.0)).sum()
}

/// A frame of the padded read, as the read without its padding counts.
fn unpadded(frame: usize, bases: usize) -> Frame {
    let padded = Frame::ALL[frame];
    let offset = (usize::from(padded.offset) + POSITION - side(bases)) % 3;
    Frame { offset: u8::try_from(offset).expect("below 3"), ..padded }
}

#[cfg(test)]
mod tests;
