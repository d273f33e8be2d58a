//! The settings of the decoder in `config.json`.

use serde::Deserialize;

use crate::model::calibration::Calibration;
use crate::model::load_error::Requirement;

/// The costs of the hidden Markov model, as logarithms.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(from = "Written")]
pub(in crate::model) struct DecoderSettings {
    /// The weight of a position's logits.
    pub(in crate::model) weight: f64,
    /// The cost of a gene that starts without a start codon.
    pub(in crate::model) start: f64,
    /// The cost of a gene that starts with ATG.
    pub(in crate::model) start_codon: f64,
    /// The cost of a gene that starts with GTG or TTG.
    pub(in crate::model) other_start_codon: f64,
    /// The cost of a gene that ends without a stop codon.
    pub(in crate::model) stop: f64,
    /// The cost of a gene that ends with a stop codon.
    pub(in crate::model) stop_codon: f64,
    /// The cost of a gene that continues after a stop codon in its frame.
    pub(in crate::model) through: f64,
    /// The cost of a change to another frame of the strand.
    pub(in crate::model) shift: f64,
    /// The cost of a change of frame where a gene ends with a stop codon: the next gene begins before it or shortly
    /// after.
    pub(in crate::model) shift_at_stop: f64,
    /// The cost of a change directly to a gene on the other strand.
    pub(in crate::model) other: f64,
    /// The log odds of coding that calls assume.
    pub(in crate::model) prior: f64,
}

/// The costs as written in the file. Before readseeker-along-5, files lacked the three costs that are optional.
#[derive(Deserialize)]
struct Written {
    weight: f64,
    start: f64,
    start_codon: f64,
    other_start_codon: Option<f64>,
    stop: f64,
    stop_codon: Option<f64>,
    through: f64,
    shift: f64,
    shift_at_stop: Option<f64>,
    other: f64,
    prior: f64,
}

impl From<Written> for DecoderSettings {
    fn from(written: Written) -> Self {
        let Written { weight, start, start_codon, stop, through, shift, other, prior, .. } = written;
        Self {
            weight,
            start,
            start_codon,
            other_start_codon: written.other_start_codon.unwrap_or(start),
            stop,
            stop_codon: written.stop_codon.unwrap_or(stop),
            through,
            shift,
            shift_at_stop: written.shift_at_stop.unwrap_or(shift),
            other,
            prior,
        }
    }
}

impl DecoderSettings {
    /// The highest cost, for what never happens.
    const MOST: f64 = 30.0;

    /// The requirements on the costs.
    pub(in crate::model) fn requirements(&self) -> [Requirement; 11] {
        let Self { weight, start, start_codon, other_start_codon, stop, stop_codon, .. } = *self;
        let Self { through, shift, shift_at_stop, other, prior, .. } = *self;
        let is_cost = |cost: f64| (0.0..=Self::MOST).contains(&cost);
        [
            ("decoder.weight", weight > 0.0 && weight <= 1.0, "above 0 and at most 1"),
            ("decoder.start", is_cost(start), "0 to 30"),
            ("decoder.start_codon", is_cost(start_codon), "0 to 30"),
            ("decoder.other_start_codon", is_cost(other_start_codon), "0 to 30"),
            ("decoder.stop", is_cost(stop), "0 to 30"),
            ("decoder.stop_codon", is_cost(stop_codon), "0 to 30"),
            ("decoder.through", is_cost(through), "0 to 30"),
            ("decoder.shift", is_cost(shift), "0 to 30"),
            ("decoder.shift_at_stop", is_cost(shift_at_stop), "0 to 30"),
            ("decoder.other", is_cost(other), "0 to 30"),
            ("decoder.prior", prior.abs() <= Self::MOST, "-30 to 30"),
        ]
    }
}

/// The calibration of the log odds at which a read breaks even.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(in crate::model) struct BreakEven {
    /// What is calibrated; only `break_even` is supported.
    statistic: String,
    /// The scale and shift by read length.
    #[serde(flatten)]
    pub(in crate::model) by_length: Calibration,
}

impl BreakEven {
    /// The requirements on the calibration.
    pub(in crate::model) fn requirements(&self) -> [Requirement; 4] {
        let [lengths, scale, shift] = self.by_length.requirements();
        [("calibration.statistic", self.statistic == "break_even", "\"break_even\""), lengths, scale, shift]
    }
}

/// How to decode short reads, and longer ones that are as free of insertions and deletions. Short reads come from
/// Illumina's sequencers, whose errors hardly ever shift a frame or hide a stop codon.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(in crate::model) struct ShortReads {
    /// The most bases of a short read.
    pub(super) bases: usize,
    /// A longer read is called with these costs if frameshifts gain each of its coding positions less than this. If
    /// absent, no longer read is.
    #[serde(default)]
    pub(super) unshifted_below: Option<f64>,
    /// The costs for these reads.
    pub(super) decoder: DecoderSettings,
    /// The calibration for these reads.
    pub(super) calibration: BreakEven,
}

impl ShortReads {
    /// The requirements on these settings.
    pub(in crate::model) fn requirements(&self) -> [Requirement; 3] {
        let is_gain = |gain: f64| (0.0..=DecoderSettings::MOST).contains(&gain);
        let all_hold = |requirements: &[Requirement]| requirements.iter().all(|&(_, holds, _)| holds);
        [
            ("short_reads.unshifted_below", self.unshifted_below.is_none_or(is_gain), "0 to 30"),
            ("short_reads.decoder", all_hold(&self.decoder.requirements()), "costs such as decoder has"),
            ("short_reads.calibration", all_hold(&self.calibration.requirements()), "numbers such as calibration has"),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_cannot_be_used_are_found() {
        let good = DecoderSettings {
            weight: 0.5,
            start: 1.0,
            start_codon: 0.5,
            other_start_codon: 0.8,
            stop: 1.0,
            stop_codon: 0.4,
            through: 3.0,
            shift: 1.0,
            shift_at_stop: 0.6,
            other: 2.0,
            prior: 2.0,
        };
        let holds = |settings: &DecoderSettings| settings.requirements().iter().all(|&(_, holds, _)| holds);
        assert!(holds(&good));
        for bad in [
            DecoderSettings { weight: 0.0, ..good },
            DecoderSettings { shift: -1.0, ..good },
            DecoderSettings { through: 31.0, ..good },
            DecoderSettings { stop_codon: -0.1, ..good },
            DecoderSettings { other: f64::NAN, ..good },
            DecoderSettings { prior: f64::INFINITY, ..good },
        ] {
            assert!(!holds(&bad), "{bad:?}");
        }
    }

    #[test]
    fn costs_that_older_files_do_not_have_are_those_without_codons() {
        let json = r#"{"weight": 0.5, "start": 1, "start_codon": 0.5, "stop": 2, "through": 3, "shift": 4, "other": 5, "prior": 0}"#;
        let DecoderSettings { other_start_codon, stop_codon, shift_at_stop, .. } = serde_json::from_str(json).unwrap();
        assert!([other_start_codon, stop_codon, shift_at_stop] == [1.0, 2.0, 4.0]);
    }
}
