//! The interface for training a family. A family that can be trained implements [`Learning`] in its own folder.

use burn::tensor::Tensor;

use super::recipe::Recipe;
use super::scratch::Scratch;
use crate::model::row::Row;
use crate::model::weights::Weights;
use crate::prediction::Frame;

/// The truth about a read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Truth {
    /// Whether the label of the read is coding.
    pub is_coding: bool,
    /// The share of the read's bases that are coding.
    pub coded: f32,
    /// The frame of the read, if known.
    pub frame: Option<Frame>,
}

/// A read to learn from.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// The bases of the read.
    pub bases: Vec<u8>,
    /// The truth about the read.
    pub truth: Truth,
}

/// What a loss needs besides logits.
#[derive(Clone, Copy, Debug)]
pub(in crate::model) struct Taught {
    /// The length of the read.
    pub(in crate::model) bases: usize,
    pub(in crate::model) truth: Truth,
}

/// How a family learns.
pub(in crate::model) trait Learning {
    /// The recipe for training, unless the user changes it.
    fn recipe(&self) -> Recipe;

    /// Why nothing can be learnt from a read with this many bases, if so, for people: `N reads ...`.
    fn unfit(&self, bases: usize, truth: Truth) -> Option<&'static str>;

    /// A read's k-mers as the network sees them during training: as one row, with unknown bases.
    fn row<'a>(&self, row: &'a [u16]) -> Row<'a> {
        row.into()
    }

    /// The number of rows whose gradients are computed at once by a CPU thread.
    fn rows_at_once(&self) -> usize;

    /// The mean loss of some reads, `[1]`, computed from the logits of their rows.
    fn loss(&self, logits: Tensor<2>, reads: &[Taught]) -> Tensor<1>;

    /// The number of a tensor's rows that stay fixed: the embeddings of special tokens, if they must be zeros.
    fn fixed_rows(&self, name: &str) -> usize;

    /// Adds what a checkpoint trained for another task lacks, and drops what served that task; returns the names of
    /// added tensors.
    fn complete(&self, _weights: &mut Weights, _seed: u64) -> Vec<String> {
        Vec::new()
    }

    /// How to start from random weights, or why that is impossible, for people.
    fn scratch(&self) -> Result<Scratch, &'static str>;

    /// Whether its `config.json` has a calibration of log odds.
    fn is_calibrated(&self) -> bool;
}
