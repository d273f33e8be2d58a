//! The checked `config.json` of a model along the read. Pure: knows no tensor.

use serde::Deserialize;

use super::decoder::{BreakEven, DecoderSettings, ShortReads};
use crate::kmer;
use crate::model::cpu;
use crate::model::load_error::{LoadError, require};
use crate::tiling::Tiling;

/// The `model_type` of the family.
pub(in crate::model) const MODEL_TYPE: &str = "readseeker-along";
/// The only `format_version` so far.
const FORMAT_VERSION: u64 = 1;
/// Frames are read as pairs of codons, so k is fixed.
const K: usize = 6;
/// Bases of a position: three codons of each frame.
pub(super) const POSITION: usize = 9;
/// The most levels: with more, all positions of a window would become one.
const MOST_LEVELS: usize = 8;

/// The settings of a model.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(in crate::model) struct AlongConfig {
    /// The family: [`MODEL_TYPE`].
    pub(super) model_type: String,
    /// The version of this file's layout.
    pub(super) format_version: u64,
    /// The model's name in reports.
    pub(super) name: String,
    /// The number of bases in a token: 6.
    pub(super) k: usize,
    /// The width of a token's embedding.
    pub(super) embedding_size: usize,
    /// The number of channels of all layers.
    pub(super) channels: usize,
    /// The number of levels, each with half as many positions as the one before.
    pub(super) levels: usize,
    /// The kernel size of the fine layer, in positions: 1.
    pub(super) fine_kernel: usize,
    /// Whether the frames exchange information once more at the positions.
    pub(super) mix: bool,
    /// The activation: `silu`.
    pub(super) activation: String,
    /// The number of bases in a position: 9.
    pub(super) position: usize,
    /// How long reads are cut into windows.
    pub(super) window: Window,
    /// How calls are made from the logits.
    pub(super) decoder: DecoderSettings,
    /// How the read's probability is made from the calls.
    pub(super) calibration: BreakEven,
    /// The decoder and calibration for short reads, if they differ.
    pub(super) short_reads: Option<ShortReads>,
    /// The training data, in words.
    pub(super) trained_on: Option<String>,
    /// The date, as year-month-day.
    pub(super) created: Option<String>,
}

/// How long reads are cut into overlapping windows, in positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Window {
    /// The number of positions in a window; one more if the windows of the reverse complement would otherwise lie
    /// elsewhere.
    pub(super) positions: usize,
    /// The most positions from the start of one window to the start of the next.
    pub(super) step: usize,
    /// The most positions of a read that is a single window.
    pub(super) longest_single: usize,
}

impl Window {
    /// The [`Tiling`] for these windows, which counts positions instead of bases.
    pub(super) fn tiling(self) -> Tiling {
        Tiling { length: self.positions, step: self.step, longest_single: self.longest_single }
    }
}

impl AlongConfig {
    /// The shape of the network for our own kernels.
    pub(in crate::model) fn shape(&self) -> cpu::along::Shape {
        let &Self { embedding_size: embedding, channels, levels, mix, .. } = self;
        cpu::along::Shape { embedding, channels, levels, mix }
    }

    /// Parses and checks a `config.json`. Unknown keys are allowed: they are descriptions.
    pub(in crate::model) fn parse(json: &[u8]) -> Result<Self, LoadError> {
        let config: Self = serde_json::from_slice(json).map_err(LoadError::Json)?;
        config.check()?;
        Ok(config)
    }

    /// The name and shape of each tensor.
    pub(in crate::model) fn tensors(&self) -> impl Iterator<Item = (String, Vec<usize>)> + '_ {
        let &Self { embedding_size, channels: c, levels, mix, .. } = self;
        let own = |name: &str, shape: &[usize]| (name.to_owned(), shape.to_vec());
        let several = move |times: usize| c.saturating_mul(times); // settings that no weights fit may be of any size
        let stem = [
            own("embedding.weight", &[kmer::vocab_size(K), embedding_size]),
            own("stem.weight", &[c, embedding_size, 6]),
            own("stem.bias", &[c]),
        ];
        let levels = (0..levels).flat_map(move |level| {
            [
                (format!("up.{level}.weight"), vec![c, c, 3]),
                (format!("up.{level}.meet"), vec![c, several(3)]),
                (format!("up.{level}.bias"), vec![c]),
                (format!("down.{level}.weight"), vec![c, c]),
            ]
        });
        let fine = [own("fine.weight", &[c, c, 1]), own("fine.bias", &[c])];
        let mix = mix.then(|| [own("mix.own", &[c, c]), own("mix.meet", &[c, several(3)]), own("mix.bias", &[c])]);
        let heads = [
            own("frame.weight", &[1, c]),
            own("frame.bias", &[1]),
            own("none.hidden.weight", &[c, several(2)]),
            own("none.hidden.bias", &[c]),
            own("none.logit.weight", &[1, c]),
            own("none.logit.bias", &[1]),
        ];
        stem.into_iter().chain(levels).chain(fine).chain(mix.into_iter().flatten()).chain(heads)
    }

    fn check(&self) -> Result<(), LoadError> {
        let Self { window, .. } = self;
        let own = [
            ("model_type", self.model_type == MODEL_TYPE, "readseeker-along"),
            ("format_version", self.format_version == FORMAT_VERSION, "1"),
            ("k", self.k == K, "6"),
            ("embedding_size", self.embedding_size > 0, "at least 1"),
            ("channels", self.channels > 0, "at least 1"),
            ("levels", (1..=MOST_LEVELS).contains(&self.levels), "1 to 8"),
            ("fine_kernel", self.fine_kernel == 1, "1"),
            ("activation", self.activation == "silu", "\"silu\""),
            ("position", self.position == POSITION, "9"),
            ("window.positions", window.positions >= 8, "at least 8"),
            ("window.step", (1..window.positions).contains(&window.step), "1 to window.positions - 1"),
            ("window.longest_single", window.longest_single > window.positions, "above window.positions"),
        ];
        let decoding = self.decoder.requirements().into_iter().chain(self.calibration.requirements());
        let short_reads = self.short_reads.iter().flat_map(ShortReads::requirements);
        require(own.into_iter().chain(decoding).chain(short_reads))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = include_str!("../builtin/along/config.json");

    #[test]
    fn what_we_cannot_run_is_refused_by_its_key() {
        assert!(AlongConfig::parse(GOOD.as_bytes()).is_ok());
        for (from, to, key) in [
            ("readseeker-along\",\n  \"format", "bert\",\n  \"format", "model_type"),
            ("\"format_version\": 1", "\"format_version\": 2", "format_version"),
            ("\"k\": 6", "\"k\": 5", "k"),
            ("\"levels\": 4", "\"levels\": 0", "levels"),
            ("\"levels\": 4", "\"levels\": 9", "levels"),
            ("\"fine_kernel\": 1", "\"fine_kernel\": 3", "fine_kernel"),
            ("\"silu\"", "\"relu\"", "activation"),
            ("\"position\": 9", "\"position\": 3", "position"),
            ("\"step\": 48", "\"step\": 64", "window.step"),
            ("\"longest_single\": 80", "\"longest_single\": 64", "window.longest_single"),
            ("\"weight\": 0.", "\"weight\": -0.", "decoder.weight"),
            ("\"through\": ", "\"through\": -", "decoder.through"),
            ("\"break_even\"", "\"share\"", "calibration.statistic"),
            ("\"lengths\": [", "\"lengths\": [9000,", "calibration.lengths"),
            (
                "0.07,\n    \"decoder\": {\n      \"weight\": 0",
                "0.07, \"decoder\": {\"weight\": 2",
                "short_reads.decoder",
            ),
            ("\"unshifted_below\": 0", "\"unshifted_below\": -0", "short_reads.unshifted_below"),
            ("]\n    }\n  },", ", 9]}},", "short_reads.calibration"),
            ("      \"statistic\": \"b", "\"statistic\": \"w", "short_reads.calibration"),
        ] {
            assert!(GOOD.contains(from), "{from}");
            match AlongConfig::parse(GOOD.replacen(from, to, 1).as_bytes()) {
                Err(LoadError::Unsupported { key: named, .. }) => assert_eq!(named, key),
                other => panic!("{to}: {other:?}"),
            }
        }
    }
}
