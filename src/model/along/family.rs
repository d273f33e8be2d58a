//! The family `along`: its requirements on a read, its windows, and how it turns their logits into calls.

use std::borrow::Cow;

use super::config::{AlongConfig, POSITION};
use super::decoder::{Decoder, LOGITS, Scratch, Seen, positions};
use super::kernels;
use super::network::AlongNetwork;
use super::windows::cut;
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
use crate::prediction::{Genes, Prediction, Predictions};

/// The fewest bases of a read with a token in each frame.
pub(super) const SHORTEST: usize = 8;
/// The window in bases if the user asks for windows, as in the other families.
const WINDOW: usize = 300;
/// The number of reading frames of a read and its reverse complement.
const FRAMES: usize = LOGITS - 1;

/// A model along the read: its settings and its decoder.
#[derive(Debug)]
pub(in crate::model) struct Along {
    pub(super) config: AlongConfig,
    decoder: Decoder,
}

impl Along {
    /// Parses the settings in a `config.json`.
    pub(in crate::model) fn parse(json: &[u8]) -> Result<Self, LoadError> {
        let config = AlongConfig::parse(json)?;
        let decoder = Decoder::new(&config.decoder, &config.calibration, config.short_reads.as_ref());
        Ok(Self { config, decoder })
    }
}

impl Scoring for Along {
    fn requirements(&self) -> Requirements {
        Requirements {
            k: self.config.k,
            longest_row: None,
            window_length: WINDOW,
            shortest_read: SHORTEST,
            tells_frames: true,
        }
    }

    fn seen<'a>(&self, row: &'a [u16]) -> Cow<'a, [u16]> {
        Seen::of(row).row
    }

    fn network_rows<'a>(&self, rows: &[&'a [u16]]) -> Vec<Row<'a>> {
        let mut windows = Vec::with_capacity(rows.len());
        for row in rows {
            windows.extend(self.config.window.over(row).map(|window| cut(row, &window)));
        }
        windows
    }

    fn predictions(&self, rows: &[&[u16]], logits: &[f32]) -> Predictions {
        let (mut logits, _) = logits.as_chunks::<LOGITS>();
        let (mut scratch, mut room) = (Scratch::default(), Vec::new());
        let (mut each, mut genes) = (Vec::with_capacity(rows.len()), Genes::default());
        for row in rows {
            if row.is_empty() {
                each.push(Prediction { probability: 0.0, frame: None });
                genes.end_row();
                continue;
            }
            let seen = Seen::of(row);
            let (own, others) = logits.split_at(self.config.window.total(&seen.row));
            logits = others;
            let own = self.config.window.stitched(&seen.row, own, &mut room);
            each.push(self.decoder.decode(&seen, own, &mut scratch, &mut genes));
        }
        Predictions { genes: Some(genes), ..each.into() }
    }
}

impl Family for Along {
    fn kind(&self) -> &'static str {
        "along"
    }

    fn name(&self) -> Option<&str> {
        Some(&self.config.name)
    }

    fn has_attention(&self) -> bool {
        false
    }

    fn cpu_precisions(&self) -> &'static [Precision] {
        &[Precision::F32]
    }

    fn precision_needs(&self, _precision: Precision) -> &'static str {
        "a model of another family; this one makes calls along the read"
    }

    fn description(&self) -> Vec<(&'static str, String)> {
        let AlongConfig { embedding_size, channels, levels, mix, window, .. } = &self.config;
        let mixed = if *mix { ", frames mixed at the positions" } else { "" };
        let network = format!("embedding {embedding_size}, {channels} channels, {levels} levels{mixed}");
        let [positions, single] = [window.positions, window.longest_single].map(|positions| POSITION * positions);
        let mut lines = vec![
            ("family", "along: calls along the read, a score for none and six frames every nine bases".to_owned()),
            ("network", network),
            ("reads", format!("all bases, stitched from windows of {positions} where there are more than {single}")),
        ];
        let about = [("trained on", &self.config.trained_on), ("created", &self.config.created)];
        let about = about.into_iter().filter_map(|(key, value)| Some((key, value.clone()?)));
        lines.extend(about.filter(|(_, value)| !value.is_empty()));
        lines
    }

    fn cost(&self, bases: usize) -> Cost {
        let &AlongConfig { embedding_size, channels, levels, mix, .. } = &self.config;
        let positions = positions(bases);
        let square = channels * channels;
        let stem = FRAMES * positions * embedding_size * channels * 6;
        let mut level = positions;
        let rows: usize = (0..levels)
            .map(|_| {
                level = level.div_ceil(2);
                level
            })
            .sum();
        let up = rows * square * (3 * FRAMES + 6);
        let down = rows * square * FRAMES;
        let fine = positions * square * FRAMES;
        let mixed = if mix { positions * square * (FRAMES + 6) } else { 0 };
        let heads = positions * (FRAMES * channels + 2 * square + channels);
        Cost {
            flops: 2 * (stem + up + down + fine + mixed + heads),
            memory: size_of::<f32>() * FRAMES * channels * (4 * positions + 5 * rows),
        }
    }

    fn tensors(&self) -> Box<dyn Iterator<Item = (String, Vec<usize>)> + '_> {
        Box::new(self.config.tensors())
    }

    fn has_kernels(&self) -> bool {
        true
    }

    fn cpu_engine(&self, setup: CpuSetup, weights: &mut Weights) -> Result<Box<dyn Engine>, LoadError> {
        let kernels = kernels::load(self.config.shape(), setup.instructions, weights)?;
        Ok(Box::new(CpuEngine::new(kernels, setup.threads)))
    }

    fn burn_network(
        &self,
        _attention: Attention,
        form: Form,
        tensors: &mut Tensors<'_>,
    ) -> Result<Box<dyn Network>, LoadError> {
        Ok(Box::new(AlongNetwork::load(&self.config, form, tensors)?))
    }

    #[cfg(feature = "train")]
    fn learning(&self) -> &dyn Learning {
        self
    }
}
