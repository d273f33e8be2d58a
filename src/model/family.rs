//! What a family of networks says of itself. A new family is a folder that implements [`Family`], and an arm in
//! `checkpoint.rs`.

use std::borrow::Cow;
use std::fmt::Debug;
use std::num::NonZero;

use burn::tensor::Tensor;
use rayon::prelude::*;

use super::attention::Attention;
use super::burn_engine::form::Form;
use super::burn_engine::network::{Network, logits_of_row};
use super::burn_engine::tensors::Tensors;
use super::cpu::InstructionSet;
use super::engine::Engine;
use super::load_error::LoadError;
use super::precision::Precision;
use super::row::Row;
#[cfg(feature = "train")]
use super::training::Learning;
use super::weights::Weights;
use crate::prediction::Predictions;

/// How reads become rows of a network, and its logits predictions.
pub(super) trait Scoring: Debug + Send + Sync {
    /// What it needs of a read.
    fn requirements(&self) -> Requirements;

    /// What its network sees of a row of k-mers: all of it, unless the family says otherwise.
    fn seen<'a>(&self, row: &'a [u16]) -> Cow<'a, [u16]> {
        row.into()
    }

    /// The rows its network computes, for rows of k-mers as they are [`seen`](Self::seen).
    fn network_rows<'a>(&self, rows: &[&'a [u16]]) -> Vec<Row<'a>>;

    /// One prediction for each row of k-mers, and its stretches if the family tells any, from the logits of all of its
    /// [`network_rows`](Self::network_rows).
    fn predictions(&self, rows: &[&[u16]], logits: &[f32]) -> Predictions;
}

/// What a model needs of a read, and what it tells of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Requirements {
    /// The k of its k-mers.
    pub(super) k: usize,
    /// The most k-mers of a row it reads, if it does not read all.
    pub(super) longest_row: Option<usize>,
    /// Bases of the windows that long reads are scored in, where the user asks for windows; one base more must fit too.
    pub(super) window_length: usize,
    /// The fewest bases a read must have for its prediction to mean anything.
    pub(super) shortest_read: usize,
    /// Whether its predictions have frames.
    pub(super) tells_frames: bool,
}

/// A family, with the settings of one checkpoint.
pub(super) trait Family: Scoring {
    /// What reports call the family.
    fn kind(&self) -> &'static str;

    /// The model's own name, if its settings have one; else it is called as its directory is.
    fn name(&self) -> Option<&str>;

    /// Whether [`Attention`] makes a difference to it.
    fn has_attention(&self) -> bool;

    /// The precisions that its own kernels run on the CPU. burn runs all networks in f32, and on GPUs in f16.
    fn cpu_precisions(&self) -> &'static [Precision];

    /// What a precision that is not one of those needs of a network, for people.
    fn precision_needs(&self, precision: Precision) -> &'static str;

    /// What the model is, for people: names and values, in the order they are printed.
    fn description(&self) -> Vec<(&'static str, String)>;

    /// What a read of so many bases costs.
    fn cost(&self, bases: usize) -> Cost;

    /// The name and shape of each tensor the network takes, in an order that ends soon if they are not those of the weights.
    fn tensors(&self) -> Box<dyn Iterator<Item = (String, Vec<usize>)> + '_>;

    /// Whether our own kernels for the CPU can run the network.
    fn has_kernels(&self) -> bool;

    /// The network on our own kernels for the CPU, which must be able to run it.
    fn cpu_engine(&self, setup: CpuSetup, weights: &mut Weights) -> Result<Box<dyn Engine>, LoadError>;

    /// The network on burn.
    fn burn_network(
        &self,
        attention: Attention,
        form: Form,
        tensors: &mut Tensors<'_>,
    ) -> Result<Box<dyn Network>, LoadError>;

    /// The logits of each row [1, logits] by the network on burn, exactly. A large network is taken layer by layer, so that memory
    /// never holds all of it.
    fn burn_logits(
        &self,
        attention: Attention,
        rows: &[Row<'_>],
        tensors: &mut Tensors<'_>,
    ) -> Result<Vec<Tensor<2>>, LoadError> {
        let network = self.burn_network(attention, Form::EXACT, tensors)?;
        let device = tensors.device();
        Ok(rows.par_iter().map(|row| logits_of_row(network.as_ref(), *row, device)).collect())
    }

    /// How it learns.
    #[cfg(feature = "train")]
    fn learning(&self) -> &dyn Learning;
}

/// What a read costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cost {
    /// Floating-point operations; a multiplication and an addition are two.
    pub(super) flops: usize,
    /// Bytes of working memory on the CPU, about.
    pub(super) memory: usize,
}

/// How a network runs on our own kernels.
#[derive(Clone, Copy, Debug)]
pub(super) struct CpuSetup {
    pub(super) attention: Attention,
    /// One of [`Family::cpu_precisions`].
    pub(super) precision: Precision,
    /// How many threads call it at once.
    pub(super) threads: NonZero<usize>,
    /// Which instructions to use.
    pub(super) instructions: InstructionSet,
}
