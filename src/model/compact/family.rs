//! The family `compact`: its requirements on a read, its windows, and how it turns their logits into probabilities and
//! frames.

use super::config::CompactConfig;
use super::kernels;
use super::network::CompactNetwork;
use super::predictions::{FRAMES, LOGITS, SHORTEST, prediction, tokens, tokens_per_frame};
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

/// The settings of a compact model.
#[derive(Debug)]
pub(in crate::model) struct Compact {
    pub(super) config: CompactConfig,
}

impl Compact {
    /// Parses the settings in a `config.json`.
    pub(in crate::model) fn parse(json: &[u8]) -> Result<Self, LoadError> {
        Ok(Self { config: CompactConfig::parse(json)? })
    }

    /// The number of bases in a row of k-mers.
    fn bases(&self, row: &[u16]) -> usize {
        row.len() + self.config.k - 1
    }

    /// The number of windows of a read; 0 if it is too short.
    pub(super) fn windows(&self, bases: usize) -> usize {
        if bases < SHORTEST { 0 } else { self.config.window.over(bases).len() }
    }
}

impl Scoring for Compact {
    fn requirements(&self) -> Requirements {
        Requirements {
            k: self.config.k,
            longest_row: None,
            window_length: self.config.window.length,
            shortest_read: SHORTEST,
            tells_frames: true,
        }
    }

    fn network_rows<'a>(&self, rows: &[&'a [u16]]) -> Vec<Row<'a>> {
        let mut windows = Vec::with_capacity(rows.len());
        for row in rows {
            let bases = self.bases(row);
            let count = self.windows(bases);
            windows.extend(self.config.window.over(bases).take(count).map(|window| Row::from(&row[tokens(&window)])));
        }
        windows
    }

    fn predictions(&self, rows: &[&[u16]], logits: &[f32]) -> Predictions {
        let (mut logits, _) = logits.as_chunks::<LOGITS>();
        let predictions = rows.iter().map(|row| {
            let bases = self.bases(row);
            let (own, others) = logits.split_at(self.windows(bases));
            logits = others;
            prediction(bases, own, &self.config)
        });
        predictions.collect::<Vec<Prediction>>().into()
    }
}

impl Family for Compact {
    fn kind(&self) -> &'static str {
        "compact"
    }

    fn name(&self) -> Option<&str> {
        Some(&self.config.name)
    }

    fn has_attention(&self) -> bool {
        false
    }

    fn cpu_precisions(&self) -> &'static [Precision] {
        if self.config.shape().is_some_and(|shape| shape.takes_bytes()) {
            &[Precision::F32, Precision::Int8]
        } else {
            &[Precision::F32]
        }
    }

    fn precision_needs(&self, precision: Precision) -> &'static str {
        if precision == Precision::Bf16 { "a BERT; this model is compact" } else { "a convolution after the stem" }
    }

    fn description(&self) -> Vec<(&'static str, String)> {
        let CompactConfig { embedding_size, channels, blocks, coarse, hidden, window, .. } = &self.config;
        let coarser = match coarse.levels {
            0 => String::new(),
            levels => format!(", {levels} coarser levels by {}", coarse.pool),
        };
        let blocks = blocks.len();
        let network =
            format!("embedding {embedding_size}, {channels} channels, {blocks} blocks{coarser}, hidden {hidden}");
        let reads =
            format!("all bases, in windows of {} where there are more than {}", window.length, window.longest_single);
        let mut lines = vec![
            ("family", "compact: six reading frames through one small convolutional network".to_owned()),
            ("network", network),
            ("reads", reads),
        ];
        let about = [("trained on", &self.config.trained_on), ("created", &self.config.created)];
        lines.extend(about.into_iter().filter_map(|(key, value)| Some((key, value.clone()?))));
        lines
    }

    fn cost(&self, bases: usize) -> Cost {
        let CompactConfig { embedding_size, channels, blocks, coarse, hidden, stem, .. } = &self.config;
        let positions = stem.positions(tokens_per_frame(bases));
        let stem = positions * embedding_size * channels * stem.kernel;
        let blocks: usize = blocks.iter().map(|block| positions * channels * channels * block.kernel).sum();
        let mut level = positions;
        let levels = (0..coarse.levels).map(|_| {
            level = level.div_ceil(coarse.pool);
            level * channels * channels * coarse.block.kernel
        });
        let levels: usize = levels.sum();
        let features = 2 * channels * (1 + coarse.levels) + embedding_size;
        let head = hidden * (features + 5 * hidden + 1);
        let last = hidden * (2 * hidden + FRAMES + 2);
        Cost {
            flops: 2 * (FRAMES * (stem + blocks + levels + head) + last),
            memory: size_of::<f32>() * FRAMES * (3 * positions * channels + features),
        }
    }

    fn tensors(&self) -> Box<dyn Iterator<Item = (String, Vec<usize>)> + '_> {
        Box::new(self.config.tensors())
    }

    fn has_kernels(&self) -> bool {
        self.config.shape().is_some()
    }

    fn cpu_engine(&self, setup: CpuSetup, weights: &mut Weights) -> Result<Box<dyn Engine>, LoadError> {
        let shape = self.config.shape().expect("the kernels can run it");
        Ok(Box::new(CpuEngine::new(kernels::load(shape, setup, weights)?, setup.threads)))
    }

    fn burn_network(
        &self,
        _attention: Attention,
        form: Form,
        tensors: &mut Tensors<'_>,
    ) -> Result<Box<dyn Network>, LoadError> {
        Ok(Box::new(CompactNetwork::load(&self.config, form, tensors)?))
    }

    #[cfg(feature = "train")]
    fn learning(&self) -> &dyn Learning {
        self
    }
}
