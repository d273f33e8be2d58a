//! How a network along the read learns: with the loss of `workflows/training/along/train.py` at every position, from
//! reads entirely in one class, at a learning rate for weights that are good already.

use burn::tensor::Tensor;
use burn::tensor::activation::log_softmax;

use super::config::POSITION;
use super::decoder::{LOGITS, positions, side};
use super::family::{Along, SHORTEST};
use crate::kmer::FIRST;
use crate::model::row::Row;
use crate::model::training::{Learning, Recipe, Scratch, Taught, Truth, one_hot};
use crate::prediction::{Frame, Strand};

/// Label smoothing: the share of a position's target that is spread over all classes.
const SMOOTHING: f64 = 0.01;

/// The class of all positions of a read: none, or a frame of the padded read.
fn class(bases: usize, truth: Truth) -> Option<usize> {
    match truth.frame {
        _ if !truth.is_coding && truth.coded <= 0.0 => Some(0),
        Some(Frame { strand, offset }) if truth.is_coding && truth.coded >= 1.0 => {
            let offset = (usize::from(offset) + side(bases)) % 3;
            Some(1 + offset + if strand == Strand::Plus { 0 } else { 3 })
        }
        _ => None,
    }
}

impl Learning for Along {
    fn recipe(&self) -> Recipe {
        Recipe::of_ours(0.05)
    }

    fn unfit(&self, bases: usize, truth: Truth) -> Option<&'static str> {
        if bases < SHORTEST || positions(bases) > self.config.window.longest_single {
            Some("too short for the network, or longer than it reads at once")
        } else if class(bases, truth).is_none() {
            Some("not wholly in one class, or of unknown frame")
        } else {
            None
        }
    }

    fn row<'a>(&self, row: &'a [u16]) -> Row<'a> {
        Row { ids: row, before: side(row.len() + 5) }
    }

    fn rows_at_once(&self) -> usize {
        16
    }

    fn loss(&self, logits: Tensor<2>, reads: &[Taught]) -> Tensor<1> {
        let [rows, all] = logits.dims();
        let device = logits.device();
        let right = reads.iter().map(|read| class(read.bases, read.truth).expect("unfit reads are left out"));
        let right = one_hot(right, LOGITS, &device).reshape([rows, 1, LOGITS]);
        let shares = log_softmax(logits.reshape([rows, all / LOGITS, LOGITS]), 2);
        let of_right = (shares.clone() * right).sum_dim(2).mean();
        -(of_right * (1.0 - SMOOTHING) + shares.mean() * SMOOTHING)
    }

    fn fixed_rows(&self, name: &str) -> usize {
        if name == "embedding.weight" { usize::from(FIRST) } else { 0 }
    }

    fn scratch(&self) -> Result<Scratch, &'static str> {
        Err("a model of this kind needs workflows/training: its decoder parameters are fitted to its weights")
    }

    fn is_calibrated(&self) -> bool {
        true
    }
}

const _: () = assert!(POSITION.is_multiple_of(3), "a position has whole codons");

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::config::AlongConfig;
    use super::super::decoder::{Decoder, Scratch, Seen};
    use super::*;
    use crate::kmer;
    use crate::prediction::Genes;

    proptest! {
        #[test]
        fn the_decoder_finds_the_frame_that_is_taught(bases in 60_usize..700, frame in 0_usize..6) {
            let frame = Frame::ALL[frame];
            let right = class(bases, Truth { is_coding: true, coded: 1.0, frame: Some(frame) }).unwrap();
            let config = AlongConfig::parse(include_bytes!("../builtin/along/config.json")).unwrap();
            let decoder = Decoder::new(&config.decoder, &config.calibration, config.short_reads.as_ref());
            let mut row = Vec::new();
            kmer::tokenize(&vec![b'C'; bases], 6, None, &mut row); // without a stop codon
            let logits = vec![std::array::from_fn(|class| if class == right { 9.0 } else { 0.0 }); positions(bases)];
            let said = decoder.decode(&Seen::of(&row), &logits, &mut Scratch::default(), &mut Genes::default());
            prop_assert_eq!(said.frame, Some(frame));
        }
    }

    #[test]
    fn reads_of_two_classes_and_unknown_frames_have_none() {
        let class = |is_coding, coded, frame| class(150, Truth { is_coding, coded, frame });
        assert_eq!(class(false, 0.0, None), Some(0));
        for (is_coding, coded, frame) in [(false, 0.2, None), (true, 0.8, Some(Frame::ALL[0])), (true, 1.0, None)] {
            assert_eq!(class(is_coding, coded, frame), None);
        }
    }
}
