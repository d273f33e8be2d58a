//! Decodes the logits of a read into its probability, its frame and its coding stretches. Pure: knows no tensor.
//!
//! A position is nine bases. A read is padded equally on both sides, so that the positions of both strands coincide.
//! The rules are those of `workflows/training/ALONG.md`.

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

/// The logits of a position: none, plus 0 1 2, minus 0 1 2. The frames are counted on the padded read.
pub(in crate::model) const LOGITS: usize = chain::STATES;

/// Decodes logits by the costs of a model.
#[derive(Clone, Debug)]
pub(super) struct Decoder {
    rules: Rules,
    /// The rules for short reads, if they have their own.
    short: Option<Short>,
}

/// The rules for reads of up to `bases` bases.
#[derive(Clone, Debug)]
struct Short {
    bases: usize,
    rules: Rules,
    /// How to recognise longer reads that are called by these rules too.
    unshifted: Option<Unshifted>,
}

/// Recognises longer reads without insertions and deletions: contigs, and reads of sequencers that make few of them. If
/// their genes could shift the frame as cheaply as the errors of a nanopore do, neighbouring genes would be joined into
/// one.
#[derive(Clone, Debug)]
struct Unshifted {
    /// The costs of all longer reads, but without shifts of the frame.
    chain: Chain,
    /// The gain per coding position below which shifts of the frame count as absent.
    below: f64,
}

/// The rules for making calls from logits, and probabilities from calls.
#[derive(Clone, Debug)]
struct Rules {
    chain: Chain,
    calibration: Calibration,
}

/// The lowest probability of a gene: no sample has so few non-coding reads that a read below it would be called coding.
const LEAST: f32 = 0.005;

/// The call of a read, and the call for its genes.
struct Called<'a> {
    /// The call from which its probability follows.
    call: Call,
    /// The call whose path has its genes, and their rules.
    path: Call,
    genes: &'a Rules,
}

/// Working memory, reused from read to read.
#[derive(Debug, Default)]
pub(super) struct Scratch(Memory);

impl Decoder {
    /// Creates a decoder; `short` has the settings for short reads, if they differ.
    pub(super) fn new(settings: &DecoderSettings, calibration: &BreakEven, short: Option<&ShortReads>) -> Self {
        let unshifted = |below| Unshifted { chain: Chain::without_shifts(settings), below };
        let short = short.map(|short| Short {
            bases: short.bases,
            rules: Rules::new(&short.decoder, &short.calibration),
            unshifted: short.unshifted_below.map(unshifted),
        });
        Self { rules: Rules::new(settings, calibration), short }
    }

    /// Decodes one read and adds its genes as a row to `into`. `logits` are those of the positions that the network
    /// sees.
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

    /// Calls a read of `bases` bases, and leaves the path in memory. A longer read that is called like a short one
    /// takes only its path, frame and genes from the rules for short reads: its probability does not depend on which
    /// rules those are.
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

    /// The rules for a read of `bases` bases.
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

    /// Adds the stretches of the path in memory with the probabilities of their genes. The probability of a gene is
    /// that of a read of the same length with as much evidence: at the opposite prior odds, a call with the gene and
    /// one without it would score the same. No probability is below `least`.
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

    /// The probability of a read with `bases` bases and this evidence for coding.
    #[expect(clippy::cast_possible_truncation, reason = "a probability needs no more than f32")]
    fn probability(&self, log_odds: f64, bases: usize) -> f32 {
        self.calibration.probability(log_odds, bases) as f32
    }
}

/// NaN if a logit is not finite, otherwise 0: a path may avoid such a logit, but the read's probability must not.
fn poison(logits: &[[f32; LOGITS]]) -> f64 {
    logits.as_flattened().iter().map(|&logit| f64::from(logit * 0.0)).sum()
}

/// Converts a frame of the padded read to that of the read without padding.
fn unpadded(frame: usize, bases: usize) -> Frame {
    let padded = Frame::ALL[frame];
    let offset = (usize::from(padded.offset) + POSITION - side(bases)) % 3;
    Frame { offset: u8::try_from(offset).expect("below 3"), ..padded }
}

#[cfg(test)]
mod tests;
