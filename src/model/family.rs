//! The interface of a family of networks. A new family is a folder that implements [`Family`], and a match arm in
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

/// Turns reads into rows of a network, and its logits into predictions.
pub(super) trait Scoring: Debug + Send + Sync {
    /// The requirements of the model on a read.
    fn requirements(&self) -> Requirements;

    /// The part of a row of k-mers that the network sees: all of it, unless the family overrides this.
    fn seen<'a>(&self, row: &'a [u16]) -> Cow<'a, [u16]> {
        row.into()
    }

    /// The rows that the network computes, for rows of k-mers as [`seen`](Self::seen) by it.
    fn network_rows<'a>(&self, rows: &[&'a [u16]]) -> Vec<Row<'a>>;

    /// Makes one prediction for each row of k-mers, with stretches if the family predicts any, from the logits of all
    /// [`network_rows`](Self::network_rows).
    fn predictions(&self, rows: &[&[u16]], logits: &[f32]) -> Predictions;
}

/// The requirements of a model on a read, and what it predicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Requirements {
    /// The length of its k-mers.
    pub(super) k: usize,
    /// The most k-mers of a row that it reads, if there is a limit.
    pub(super) longest_row: Option<usize>,
    /// The length of windows in bases if the user asks for windows; one base more must fit too.
    pub(super) window_length: usize,
    /// The fewest bases of a read for a meaningful prediction.
    pub(super) shortest_read: usize,
    /// Whether its predictions include frames.
    pub(super) tells_frames: bool,
}

/// A family, with the settings of one checkpoint.
pub(super) trait Family: Scoring {
    /// The name of the family in reports.
    fn kind(&self) -> &'static str;

    /// The name of the model, if its settings have one; otherwise it is named after its directory.
    fn name(&self) -> Option<&str>;

    /// Whether [`Attention`] has an effect.
    fn has_attention(&self) -> bool;

    /// The precisions of its own kernels on the CPU. burn runs all networks in f32, and on GPUs in f16.
    fn cpu_precisions(&self) -> &'static [Precision];

    /// What a network needs for a precision that is not among those, for people.
    fn precision_needs(&self, precision: Precision) -> &'static str;

    /// The description of the model for people: names and values, in the order in which they are printed.
    fn description(&self) -> Vec<(&'static str, String)>;

    /// The cost of a read with this many bases.
    fn cost(&self, bases: usize) -> Cost;

    /// The name and shape of each tensor of the network, in an order that ends soon if they do not match the weights.
    fn tensors(&self) -> Box<dyn Iterator<Item = (String, Vec<usize>)> + '_>;

    /// Whether our own kernels for the CPU support the network.
    fn has_kernels(&self) -> bool;

    /// Creates the engine on our own kernels for the CPU, which must support the network.
    fn cpu_engine(&self, setup: CpuSetup, weights: &mut Weights) -> Result<Box<dyn Engine>, LoadError>;

    /// Creates the network on burn.
    fn burn_network(
        &self,
        attention: Attention,
        form: Form,
        tensors: &mut Tensors<'_>,
    ) -> Result<Box<dyn Network>, LoadError>;

    /// Computes the logits of each row `[1, logits]` on burn in f32. A large network is loaded layer by layer, so that
    /// memory never holds all of it.
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

    /// How the family learns.
    #[cfg(feature = "train")]
    fn learning(&self) -> &dyn Learning;
}

/// The cost of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cost {
    /// Floating-point operations; a multiplication and an addition count as two.
    pub(super) flops: usize,
    /// Approximate bytes of working memory on the CPU.
    pub(super) memory: usize,
}

/// How a network runs on our own kernels.
#[derive(Clone, Copy, Debug)]
pub(super) struct CpuSetup {
    pub(super) attention: Attention,
    /// One of [`Family::cpu_precisions`].
    pub(super) precision: Precision,
    /// The number of threads that call it at once.
    pub(super) threads: NonZero<usize>,
    /// The instruction set to use.
    pub(super) instructions: InstructionSet,
}
