//! The family `bert`: its requirements on a read, and how it turns logits into probabilities.

use std::path::Path;

use burn::tensor::Tensor;

use super::config::{BertConfig, LABELS};
use super::kernels::BertKernels;
use super::network::{self, BertNetwork};
use super::vocabulary::vocabulary;
use crate::kmer;
use crate::model::attention::Attention;
use crate::model::burn_engine::form::Form;
use crate::model::burn_engine::network::Network;
use crate::model::burn_engine::tensors::Tensors;
use crate::model::cpu_engine::CpuEngine;
use crate::model::engine::Engine;
use crate::model::family::{Cost, CpuSetup, Family, Requirements, Scoring};
use crate::model::load_error::LoadError;
use crate::model::precision::Precision;
use crate::model::row::Row;
#[cfg(feature = "train")]
use crate::model::training::Learning;
use crate::model::weights::Weights;
use crate::prediction::{Prediction, Predictions};

/// A BERT's settings, with the k of its vocabulary.
#[derive(Debug)]
pub(in crate::model) struct Bert {
    k: usize,
    pub(super) config: BertConfig,
}

impl Bert {
    /// Reads the settings of a checkpoint directory with this `config.json`.
    pub(in crate::model) fn read(directory: &Path, json: &[u8]) -> Result<Self, LoadError> {
        let k = vocabulary(directory)?;
        Ok(Self { k, config: BertConfig::parse(json, kmer::vocab_size(k))? })
    }
}

impl Scoring for Bert {
    fn requirements(&self) -> Requirements {
        let (k, longest_row) = (self.k, self.config.longest_row());
        Requirements {
            k,
            longest_row: Some(longest_row),
            window_length: (longest_row + k - 2).max(k),
            shortest_read: k,
            tells_frames: false,
        }
    }

    fn network_rows<'a>(&self, rows: &[&'a [u16]]) -> Vec<Row<'a>> {
        let longest = self.config.longest_row();
        rows.iter().map(|row| row[..row.len().min(longest)].into()).collect()
    }

    fn predictions(&self, _rows: &[&[u16]], logits: &[f32]) -> Predictions {
        let (logits, _) = logits.as_chunks::<LABELS>();
        logits.iter().copied().map(prediction).collect::<Vec<_>>().into()
    }
}

/// The probability of coding: the softmax of the two logits.
pub(in crate::model) fn prediction([noncoding, coding]: [f32; LABELS]) -> Prediction {
    Prediction { probability: 1.0 / (1.0 + (noncoding - coding).exp()), frame: None }
}

impl Family for Bert {
    fn kind(&self) -> &'static str {
        "bert"
    }

    fn name(&self) -> Option<&str> {
        None
    }

    fn has_attention(&self) -> bool {
        true
    }

    fn cpu_precisions(&self) -> &'static [Precision] {
        if self.has_kernels() { &[Precision::F32, Precision::Bf16, Precision::Int8] } else { &[Precision::F32] }
    }

    fn precision_needs(&self, _precision: Precision) -> &'static str {
        "a hidden_size and an intermediate_size that are multiples of 16"
    }

    fn description(&self) -> Vec<(&'static str, String)> {
        let config = &self.config;
        let network = format!(
            "{} layers, hidden {}, {} heads, intermediate {}",
            config.num_hidden_layers, config.hidden_size, config.num_attention_heads, config.intermediate_size
        );
        let bases = config.longest_row() + self.k - 1;
        vec![
            ("family", "bert: BERT for sequence classification, as DNABERT and ReadSeeker".to_owned()),
            ("network", network),
            ("reads", format!("overlapping {}-mers of a read's first {bases} bases", self.k)),
        ]
    }

    fn cost(&self, _bases: usize) -> Cost {
        let &BertConfig { hidden_size: hidden, intermediate_size: inner, num_attention_heads: heads, .. } =
            &self.config;
        let tokens = self.config.max_tokens(); // as published, every read is padded to this
        let linear = tokens * hidden * (4 * hidden + 2 * inner);
        let attention = 2 * tokens * tokens * hidden;
        Cost {
            flops: 2 * self.config.num_hidden_layers * (linear + attention),
            memory: size_of::<f32>() * tokens * (5 * hidden + inner + heads * tokens),
        }
    }

    fn tensors(&self) -> Box<dyn Iterator<Item = (String, Vec<usize>)> + '_> {
        Box::new(self.config.tensors())
    }

    fn has_kernels(&self) -> bool {
        self.config.shape().is_supported()
    }

    fn cpu_engine(&self, setup: CpuSetup, weights: &mut Weights) -> Result<Box<dyn Engine>, LoadError> {
        Ok(Box::new(CpuEngine::new(BertKernels::load(&self.config, setup, weights)?, setup.threads)))
    }

    fn burn_network(
        &self,
        attention: Attention,
        form: Form,
        tensors: &mut Tensors<'_>,
    ) -> Result<Box<dyn Network>, LoadError> {
        Ok(Box::new(BertNetwork::load(&self.config, attention, form, tensors)?))
    }

    fn burn_logits(
        &self,
        attention: Attention,
        rows: &[Row<'_>],
        tensors: &mut Tensors<'_>,
    ) -> Result<Vec<Tensor<2>>, LoadError> {
        network::logits(&self.config, attention, rows, tensors)
    }

    #[cfg(feature = "train")]
    fn learning(&self) -> &dyn Learning {
        self
    }
}
