//! The checked `config.json` of a compact model. Pure: knows no tensor.

use serde::Deserialize;

use crate::kmer;
use crate::model::calibration::Calibration;
use crate::model::cpu;
use crate::model::load_error::{LoadError, require};
use crate::tiling::Tiling;

/// The `model_type` of the family.
pub(in crate::model) const MODEL_TYPE: &str = "readseeker-compact";
/// The only `format_version` so far.
const FORMAT_VERSION: u64 = 1;
/// The most that levels may pool: with more, all positions of a window of 600 bases would become one.
const MOST_POOLED: usize = 64;
/// Frames are read as pairs of codons, so k is fixed.
const K: usize = 6;

/// The settings of a compact model.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(in crate::model) struct CompactConfig {
    /// The family: [`MODEL_TYPE`].
    pub(super) model_type: String,
    /// Version of this file's layout.
    pub(super) format_version: u64,
    /// The version of this file's layout.
    pub(super) name: String,
    /// Bases of a token: 6.
    pub(super) k: usize,
    /// The width of a token's embedding.
    pub(super) embedding_size: usize,
    /// Channels of the convolutions.
    pub(super) channels: usize,
    /// The first convolution, from embedding to channels.
    pub(super) stem: Stem,
    /// The residual convolutions after it.
    pub(super) blocks: Vec<Block>,
    /// Coarser levels after the blocks; none when absent.
    #[serde(default)]
    pub(super) coarse: Coarse,
    /// Width of the layers after pooling.
    pub(super) hidden: usize,
    /// How long reads are cut.
    pub(super) window: Tiling,
    /// How raw probabilities are calibrated; they are left alone if absent.
    #[serde(default)]
    pub(super) calibration: WindowCalibration,
    /// The training data, in words.
    pub(super) trained_on: Option<String>,
    /// The date, as year-month-day.
    pub(super) created: Option<String>,
}

/// The first convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Stem {
    /// Tokens it looks at.
    pub(super) kernel: usize,
    /// Tokens it moves on by.
    pub(super) stride: usize,
    /// Zeros before and after a read.
    pub(super) padding: usize,
}

impl Stem {
    /// The number of positions for a row of `tokens`.
    pub(super) fn positions(&self, tokens: usize) -> usize {
        (tokens + 2 * self.padding - self.kernel) / self.stride + 1
    }
}

/// A residual convolution: stride 1, as many positions out as in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Block {
    /// Positions it looks at; odd.
    pub(super) kernel: usize,
    /// Zeros before and after a read: `(kernel - 1) / 2`.
    pub(super) padding: usize,
}

/// Levels after the blocks, each a residual convolution over means of the level before: there, what lies far apart in a
/// read is near.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Coarse {
    /// The number of these levels.
    pub(super) levels: usize,
    /// Neighbouring positions of a level that are one of the next; beyond the read lie zeros.
    pub(super) pool: usize,
    /// Each level's convolution.
    #[serde(flatten)]
    pub(super) block: Block,
}

impl Default for Coarse {
    fn default() -> Self {
        Self { levels: 0, pool: 1, block: Block { kernel: 3, padding: 1 } }
    }
}

impl Block {
    /// Whether the convolution has as many positions out as in.
    fn keeps_length(self) -> bool {
        self.padding.checked_mul(2).and_then(|both| both.checked_add(1)) == Some(self.kernel)
    }
}

/// How the log odds of a window, and of a long read's windows together, become those of a coding read.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub(super) struct WindowCalibration {
    /// Scale and shift of a window.
    #[serde(flatten)]
    pub(super) by_length: Calibration,
    /// The same for the mean over a long read's windows.
    #[serde(default)]
    pub(super) pool: Pool,
}

/// Scale and shift of the mean over windows.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub(super) struct Pool {
    /// The factor for the logit.
    pub(super) scale: f64,
    /// The summand for the scaled logit.
    pub(super) shift: f64,
}

impl Default for Pool {
    fn default() -> Self {
        Self { scale: 1.0, shift: 0.0 }
    }
}

impl CompactConfig {
    /// The sizes for our own kernels, if they can run a model with these settings.
    pub(super) fn shape(&self) -> Option<cpu::compact::Shape> {
        let &Self { embedding_size: embedding, channels, hidden, stem, ref blocks, coarse, .. } = self;
        let fits = stem == Stem { kernel: 6, stride: 3, padding: 3 }
            && blocks.iter().chain([&coarse.block]).all(|block| *block == Block { kernel: 3, padding: 1 });
        let Coarse { levels, pool, .. } = coarse;
        fits.then_some(cpu::compact::Shape { embedding, channels, blocks: blocks.len(), levels, pool, hidden })
    }

    /// Reads and checks a `config.json`. Unknown keys are fine: they describe.
    pub(in crate::model) fn parse(json: &[u8]) -> Result<Self, LoadError> {
        let config: Self = serde_json::from_slice(json).map_err(LoadError::Json)?;
        config.check()?;
        Ok(config)
    }

    /// The name and shape of each tensor.
    pub(super) fn tensors(&self) -> impl Iterator<Item = (String, Vec<usize>)> + '_ {
        let &Self { embedding_size: embedding, channels, hidden, stem, ref blocks, coarse, .. } = self;
        let layer = |name: &str, weight: Vec<usize>| {
            let bias = (format!("{name}.bias"), vec![weight[0]]);
            [(format!("{name}.weight"), weight), bias]
        };
        let embeddings = [
            ("embedding.weight".to_owned(), vec![kmer::vocab_size(self.k), embedding]),
            ("embedding_norm.scale".to_owned(), vec![embedding]),
            ("embedding_norm.shift".to_owned(), vec![embedding]),
        ];
        let stem = layer("stem", vec![channels, embedding, stem.kernel]);
        let blocks = blocks.iter().enumerate();
        let blocks =
            blocks.flat_map(move |(n, block)| layer(&format!("blocks.{n}"), vec![channels, channels, block.kernel]));
        let levels = (0..coarse.levels)
            .flat_map(move |n| layer(&format!("coarse.{n}"), vec![channels, channels, coarse.block.kernel]));
        // Settings that no weights fit may be of any size.
        let features =
            coarse.levels.saturating_add(1).saturating_mul(channels).saturating_mul(2).saturating_add(embedding);
        let head = [
            layer("frame.hidden", vec![hidden, features]),
            layer("frame.mix", vec![hidden, hidden.saturating_mul(5)]),
            layer("frame.logit", vec![1, hidden]),
            layer("noncoding.hidden", vec![hidden, hidden.saturating_mul(2).saturating_add(7)]),
            layer("noncoding.logit", vec![1, hidden]),
        ];
        embeddings.into_iter().chain(stem).chain(blocks).chain(levels).chain(head.into_iter().flatten())
    }

    fn check(&self) -> Result<(), LoadError> {
        let Self { stem, window, coarse, .. } = self;
        let own = [
            ("model_type", self.model_type == MODEL_TYPE, "readseeker-compact"),
            ("format_version", self.format_version == FORMAT_VERSION, "1"),
            ("k", self.k == K, "6"),
            ("embedding_size", self.embedding_size > 0, "at least 1"),
            ("channels", self.channels > 0, "at least 1"),
            ("hidden", self.hidden > 0, "at least 1"),
            ("stem.stride", stem.stride > 0, "at least 1"),
            // So that a single token gives a position, and no position sees padding alone.
            (
                "stem.padding",
                stem.kernel > 0 && stem.padding >= (stem.kernel - 1).div_ceil(2),
                "at least (kernel - 1) / 2",
            ),
            ("stem.padding", stem.padding < stem.kernel, "below the kernel"),
            ("blocks", self.blocks.iter().all(|block| block.keeps_length()), "kernels of 2 * padding + 1"),
            ("coarse.kernel", coarse.block.keeps_length(), "2 * padding + 1"),
            ("coarse.pool", (1..=MOST_POOLED).contains(&coarse.pool), "1 to 64"),
            ("window.length", window.length >= 60, "at least 60"),
            ("window.step", (1..=window.length).contains(&window.step), "1 to window.length"),
            ("window.longest_single", window.longest_single > window.length, "above window.length"),
        ];
        require(own.into_iter().chain(self.calibration.by_length.requirements()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"model_type": "readseeker-compact", "format_version": 1, "name": "a", "k": 6,
        "embedding_size": 8, "channels": 12, "stem": {"kernel": 6, "stride": 3, "padding": 3},
        "blocks": [{"kernel": 3, "padding": 1}], "hidden": 12, "window": {"length": 300, "step": 150,
        "longest_single": 400}, "trained_on": "nothing"}"#;

    #[test]
    fn calibration_may_be_absent() {
        assert_eq!(CompactConfig::parse(GOOD.as_bytes()).unwrap().calibration, WindowCalibration::default());
    }

    #[test]
    fn what_we_cannot_run_is_refused_by_its_key() {
        for (from, to, key) in [
            ("readseeker-compact", "bert", "model_type"),
            ("\"format_version\": 1", "\"format_version\": 2", "format_version"),
            ("\"k\": 6", "\"k\": 5", "k"),
            ("\"stride\": 3", "\"stride\": 0", "stem.stride"),
            ("\"padding\": 3", "\"padding\": 2", "stem.padding"),
            ("\"kernel\": 3", "\"kernel\": 5", "blocks"),
            ("\"step\": 150", "\"step\": 0", "window.step"),
            (
                "\"hidden\"",
                "\"coarse\": {\"levels\": 1, \"pool\": 0, \"kernel\": 3, \"padding\": 1}, \"hidden\"",
                "coarse.pool",
            ),
            (
                "\"hidden\"",
                "\"coarse\": {\"levels\": 1, \"pool\": 2, \"kernel\": 3, \"padding\": 0}, \"hidden\"",
                "coarse.kernel",
            ),
        ] {
            let broken = GOOD.replace(from, to);
            match CompactConfig::parse(broken.as_bytes()) {
                Err(LoadError::Unsupported { key: named, .. }) => assert_eq!(named, key),
                other => panic!("{to}: {other:?}"),
            }
        }
    }

    #[test]
    fn the_stem_counts_positions_as_torch_does() {
        let stem = Stem { kernel: 6, stride: 3, padding: 3 };
        assert_eq!([1, 2, 3, 18, 98].map(|tokens| stem.positions(tokens)), [1, 1, 2, 7, 33]);
    }
}
