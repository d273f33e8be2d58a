//! What a compact model's `config.json` says, checked. Pure: knows no tensor.

use serde::Deserialize;

use crate::model::{Problem, cpu};

/// `model_type` of the family.
pub const MODEL_TYPE: &str = "readseeker-compact";
/// The only `format_version` there is so far.
const FORMAT_VERSION: u64 = 1;
/// More positions than a window of 600 bases has would be one number.
const MOST_POOLED: usize = 64;
/// Frames are read as codon pairs, so k is no choice.
const K: usize = 6;

/// A compact model's settings.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Config {
    /// The family: [`MODEL_TYPE`].
    pub model_type: String,
    /// Version of this file's layout.
    pub format_version: u64,
    /// What reports call it.
    pub name: String,
    /// Bases a token: 6.
    pub k: usize,
    /// Numbers a token is embedded as.
    pub embedding_size: usize,
    /// Channels of the convolutions.
    pub channels: usize,
    /// The first convolution, from embedding to channels.
    pub stem: Stem,
    /// The residual convolutions after it.
    pub blocks: Vec<Block>,
    /// Coarser levels after the blocks; none when absent.
    #[serde(default)]
    pub coarse: Coarse,
    /// Width of the layers after pooling.
    pub hidden: usize,
    /// How long reads are cut.
    pub window: Window,
    /// How raw probabilities become honest ones; nothing is changed when absent.
    #[serde(default)]
    pub calibration: Calibration,
    /// The data, in words.
    pub trained_on: Option<String>,
    /// When, as year-month-day.
    pub created: Option<String>,
}

/// The first convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Stem {
    /// Tokens it looks at.
    pub kernel: usize,
    /// Tokens it moves on by.
    pub stride: usize,
    /// Zeros before and after a read.
    pub padding: usize,
}

impl Stem {
    /// How many positions it gives for a row of `tokens`.
    #[must_use]
    pub fn positions(&self, tokens: usize) -> usize {
        (tokens + 2 * self.padding - self.kernel) / self.stride + 1
    }
}

/// A residual convolution: stride 1, as many positions out as in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Block {
    /// Positions it looks at; odd.
    pub kernel: usize,
    /// Zeros before and after a read: `(kernel - 1) / 2`.
    pub padding: usize,
}

/// Levels after the blocks, each a residual convolution over means of the level before: there, what lies far apart in a
/// read is near.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Coarse {
    /// How many.
    pub levels: usize,
    /// Neighbouring positions of a level that are one of the next; beyond the read lie zeros.
    pub pool: usize,
    /// Each level's convolution.
    #[serde(flatten)]
    pub block: Block,
}

impl Default for Coarse {
    fn default() -> Self {
        Self { levels: 0, pool: 1, block: Block { kernel: 3, padding: 1 } }
    }
}

impl Block {
    /// As many positions out as in.
    fn keeps_length(self) -> bool {
        self.kernel == 2 * self.padding + 1
    }
}

/// How long reads are cut into overlapping windows, in bases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Window {
    /// Bases a window (one more where the read's length is odd that way).
    pub length: usize,
    /// Bases from one window's start to the next one's at most.
    pub step: usize,
    /// The longest read scored in one piece.
    pub longest_single: usize,
}

/// `p -> sigmoid(scale * logit(p) + shift)`, scale and shift interpolated over the read's length.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Calibration {
    /// Lengths in bases, ascending, at which the others are given.
    pub lengths: Vec<f64>,
    /// One a length.
    pub scale: Vec<f64>,
    /// One a length.
    pub shift: Vec<f64>,
    /// The same for the mean over a long read's windows.
    #[serde(default)]
    pub pool: Pool,
}

impl Default for Calibration {
    fn default() -> Self {
        Self { lengths: vec![0.0], scale: vec![1.0], shift: vec![0.0], pool: Pool::default() }
    }
}

/// Scale and shift of the mean over windows.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct Pool {
    /// Multiplies the logit.
    pub scale: f64,
    /// Is added to it.
    pub shift: f64,
}

impl Default for Pool {
    fn default() -> Self {
        Self { scale: 1.0, shift: 0.0 }
    }
}

impl Config {
    /// The sizes our own kernels want, if they can run a model of these settings.
    #[must_use]
    pub fn shape(&self) -> Option<cpu::compact::Shape> {
        let &Self { embedding_size: embedding, channels, hidden, stem, ref blocks, coarse, .. } = self;
        let fits = stem == Stem { kernel: 6, stride: 3, padding: 3 }
            && blocks.iter().chain([&coarse.block]).all(|block| *block == Block { kernel: 3, padding: 1 });
        let Coarse { levels, pool, .. } = coarse;
        fits.then_some(cpu::compact::Shape { embedding, channels, blocks: blocks.len(), levels, pool, hidden })
    }

    /// Reads and checks a `config.json`; keys we don't know are fine, they describe.
    pub fn parse(json: &[u8]) -> Result<Self, Problem> {
        let config: Self = serde_json::from_slice(json).map_err(Problem::Json)?;
        config.check()?;
        Ok(config)
    }

    /// The network's sizes, for people.
    #[must_use]
    pub fn describe(&self) -> String {
        let Self { embedding_size, channels, blocks, coarse, hidden, .. } = self;
        let coarser = match coarse.levels {
            0 => String::new(),
            levels => format!(", {levels} coarser levels by {}", coarse.pool),
        };
        let blocks = blocks.len();
        format!("embedding {embedding_size}, {channels} channels, {blocks} blocks{coarser}, hidden {hidden}")
    }

    fn check(&self) -> Result<(), Problem> {
        let Self { stem, window, calibration, coarse, .. } = self;
        let lengths = &calibration.lengths;
        let given = lengths.len();
        let ascending = lengths.windows(2).all(|pair| pair[0] < pair[1]);
        let finite =
            [lengths, &calibration.scale, &calibration.shift].into_iter().flatten().all(|number| number.is_finite());
        let checks = [
            ("model_type", self.model_type == MODEL_TYPE, "readseeker-compact"),
            ("format_version", self.format_version == FORMAT_VERSION, "1"),
            ("k", self.k == K, "6"),
            ("embedding_size", self.embedding_size > 0, "at least 1"),
            ("channels", self.channels > 0, "at least 1"),
            ("hidden", self.hidden > 0, "at least 1"),
            ("stem.stride", stem.stride > 0, "at least 1"),
            // So that a single token gives a position, and no position sees padding alone.
            ("stem.padding", stem.kernel > 0 && 2 * stem.padding + 1 >= stem.kernel, "at least (kernel - 1) / 2"),
            ("stem.padding", stem.padding < stem.kernel, "below the kernel"),
            ("blocks", self.blocks.iter().all(|block| block.keeps_length()), "kernels of 2 * padding + 1"),
            ("coarse.kernel", coarse.block.keeps_length(), "2 * padding + 1"),
            ("coarse.pool", (1..=MOST_POOLED).contains(&coarse.pool), "1 to 64"),
            ("window.length", window.length >= 60, "at least 60"),
            ("window.step", (1..=window.length).contains(&window.step), "1 to window.length"),
            ("window.longest_single", window.longest_single > window.length, "above window.length"),
            ("calibration.lengths", given > 0 && ascending && finite, "ascending numbers"),
            ("calibration.scale", calibration.scale.len() == given, "one a length"),
            ("calibration.shift", calibration.shift.len() == given, "one a length"),
        ];
        match checks.into_iter().find(|(_, holds, _)| !holds) {
            None => Ok(()),
            Some((key, _, expected)) => {
                Err(Problem::Unsupported { key: key.to_owned(), expected: expected.to_owned() })
            }
        }
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
        assert_eq!(Config::parse(GOOD.as_bytes()).unwrap().calibration, Calibration::default());
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
            match Config::parse(broken.as_bytes()) {
                Err(Problem::Unsupported { key: named, .. }) => assert_eq!(named, key),
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
