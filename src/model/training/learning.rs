//! What a family says of how it learns. A family that is trained implements [`Learning`] in its own folder.

use burn::tensor::Tensor;

use super::recipe::Recipe;
use super::scratch::Scratch;
use crate::model::row::Row;
use crate::model::weights::Weights;
use crate::prediction::Frame;

/// What is true of a read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Truth {
    /// Its label.
    pub is_coding: bool,
    /// The share of its bases that code.
    pub coded: f32,
    /// Its frame, if it is known.
    pub frame: Option<Frame>,
}

/// A read to learn from.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// Its bases.
    pub bases: Vec<u8>,
    /// What is true of it.
    pub truth: Truth,
}

/// What a loss is made of, beside logits.
#[derive(Clone, Copy, Debug)]
pub(in crate::model) struct Taught {
    /// The read's length.
    pub(in crate::model) bases: usize,
    pub(in crate::model) truth: Truth,
}

/// How a family learns.
pub(in crate::model) trait Learning {
    /// How it is trained, unless the user has it otherwise.
    fn recipe(&self) -> Recipe;

    /// Why nothing can be learnt from a read of so many bases, if so, for people: `N reads ...`.
    fn unfit(&self, bases: usize, truth: Truth) -> Option<&'static str>;

    /// A read's k-mers as the network sees them while it learns: as one row, whatever is unknown.
    fn row<'a>(&self, row: &'a [u16]) -> Row<'a> {
        row.into()
    }

    /// The rows whose gradients are computed at once on a thread of the CPU.
    fn rows_at_once(&self) -> usize;

    /// The mean loss of some reads, `[1]`, from the logits of their rows.
    fn loss(&self, logits: Tensor<2>, reads: &[Taught]) -> Tensor<1>;

    /// How many rows of a tensor stay as they are: the special tokens' embeddings, where they must be zeros.
    fn fixed_rows(&self, name: &str) -> usize;

    /// Adds what a checkpoint lacks that was trained for another task, and leaves out what served that; the names of what was added.
    fn complete(&self, _weights: &mut Weights, _seed: u64) -> Vec<String> {
        Vec::new()
    }

    /// How it starts from random weights; or why it cannot, for people.
    fn scratch(&self) -> Result<Scratch, &'static str>;

    /// Whether its `config.json` says how log odds are calibrated.
    fn is_calibrated(&self) -> bool;
}
