//! What `config.json` says of the decoder.

use serde::Deserialize;

/// The costs of the hidden Markov model, as logarithms.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub(in crate::model) struct DecoderSettings {
    /// Of a position's logits.
    pub(in crate::model) weight: f64,
    /// A gene starts.
    pub(in crate::model) start: f64,
    /// A gene starts with ATG.
    pub(in crate::model) start_codon: f64,
    /// A gene ends.
    pub(in crate::model) stop: f64,
    /// A gene goes on after a stop codon of its frame.
    pub(in crate::model) through: f64,
    /// Another frame of the strand.
    pub(in crate::model) shift: f64,
    /// Straight to a gene of the other strand.
    pub(in crate::model) other: f64,
    /// Log odds of coding that the best path assumes.
    pub(in crate::model) prior: f64,
}

impl DecoderSettings {
    /// The highest cost; a path of several such steps is still far from underflow.
    const MOST: f64 = 30.0;

    /// What keeps them from being used, if anything.
    pub(in crate::model) fn problem(&self) -> Option<String> {
        let Self { weight, start, start_codon, stop, through, shift, other, prior } = *self;
        let costs = [
            ("start", start),
            ("start_codon", start_codon),
            ("stop", stop),
            ("through", through),
            ("shift", shift),
            ("other", other),
        ];
        if let Some((name, _)) = costs.into_iter().find(|(_, cost)| !(0.0..=Self::MOST).contains(cost)) {
            return Some(format!("decoder.{name} must be between 0 and {}", Self::MOST));
        }
        if !(weight > 0.0 && weight <= 1.0) {
            return Some("decoder.weight must be above 0 and at most 1".to_owned());
        }
        let is_sane = prior.abs() <= Self::MOST;
        (!is_sane).then(|| format!("decoder.prior must be between -{0} and {0}", Self::MOST))
    }
}

/// How the log odds of a read's share of coding positions become those of a coding read, by length.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(in crate::model) struct Calibration {
    /// What is calibrated; only `share` is known.
    pub(in crate::model) statistic: String,
    /// Lengths in bases, ascending; between two of them the values are interpolated.
    pub(in crate::model) lengths: Vec<f64>,
    /// What the log odds are multiplied by at each length.
    pub(in crate::model) scale: Vec<f64>,
    /// What is added to them.
    pub(in crate::model) shift: Vec<f64>,
}

impl Calibration {
    /// What keeps it from being used, if anything.
    pub(in crate::model) fn problem(&self) -> Option<String> {
        let Self { statistic, lengths, scale, shift } = self;
        if statistic != "share" {
            return Some("calibration.statistic must be \"share\"".to_owned());
        }
        let ascending = lengths.windows(2).all(|two| two[0] < two[1]);
        let finite = lengths.iter().chain(scale).chain(shift).all(|number| number.is_finite());
        let fits = !lengths.is_empty() && lengths.len() == scale.len() && lengths.len() == shift.len();
        let all = ascending && finite && fits && scale.iter().all(|&scale| scale > 0.0);
        (!all).then(|| "calibration needs ascending lengths, and a positive scale and a shift for each".to_owned())
    }

    /// The probability of a read of `length` bases with this share of coding positions and of others.
    #[expect(clippy::cast_possible_truncation, reason = "a probability needs no more than f32")]
    pub(super) fn probability(&self, coding: f64, none: f64, length: usize) -> f32 {
        const LEAST: f64 = 1e-9;
        let odds = (coding.max(LEAST) / none.max(LEAST)).ln();
        let (scale, shift) = (self.at(length, &self.scale), self.at(length, &self.shift));
        let x = scale * odds + shift;
        let small = (-x.abs()).exp();
        let probability = if x >= 0.0 { 1.0 / (1.0 + small) } else { small / (1.0 + small) };
        probability as f32
    }

    fn at(&self, length: usize, values: &[f64]) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "no read has 2^52 bases")]
        let length = length as f64;
        let after = self.lengths.partition_point(|&knot| knot < length);
        if after == 0 {
            return values[0];
        }
        if after == values.len() {
            return values[after - 1];
        }
        let (left, right) = (self.lengths[after - 1], self.lengths[after]);
        let (low, high) = (values[after - 1], values[after]);
        low + (high - low) * (length - left) / (right - left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_cannot_be_used_are_told() {
        let good = DecoderSettings {
            weight: 0.5,
            start: 1.0,
            start_codon: 0.5,
            stop: 1.0,
            through: 3.0,
            shift: 1.0,
            other: 2.0,
            prior: 2.0,
        };
        assert_eq!(good.problem(), None);
        let bad = [
            DecoderSettings { weight: 0.0, ..good },
            DecoderSettings { shift: -1.0, ..good },
            DecoderSettings { through: 31.0, ..good },
            DecoderSettings { other: f64::NAN, ..good },
            DecoderSettings { prior: f64::INFINITY, ..good },
        ];
        assert!(bad.iter().all(|settings| settings.problem().is_some()));
    }

    #[test]
    fn calibration_is_interpolated_and_clamped() {
        let (lengths, scale) = (vec![100.0, 200.0], vec![1.0, 2.0]);
        let good = Calibration { statistic: "share".to_owned(), lengths, scale, shift: vec![0.0, 1.0] };
        assert_eq!(good.problem(), None);
        for (length, x) in [(50, 1.0), (150, 2.0), (9000, 3.0)] {
            let expected = 1.0 / (1.0 + f64::exp(-x));
            let odds = std::f64::consts::E;
            assert!(
                (f64::from(good.probability(odds / (1.0 + odds), 1.0 / (1.0 + odds), length)) - expected).abs() < 1e-6
            );
        }
        assert!(Calibration { shift: vec![0.0], ..good.clone() }.problem().is_some());
        assert!(Calibration { lengths: vec![200.0, 100.0], ..good }.problem().is_some());
    }
}
