//! Verdicts: decides from the posteriors of a template's segments where it goes. Pure: knows no file and no model.

use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::class::Class;

/// How the segments of one template are judged together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mates {
    /// Coding if either mate is
    Any,
    /// Coding if both mates are
    Both,
    /// Coding if the mean of the mates' posteriors is
    #[default]
    Mean,
    /// Each read is judged alone, so mates can end up in different files
    Each,
}

/// Writes the name used on the command line.
impl fmt::Display for Mates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_possible_value().expect("no variant is left out").get_name())
    }
}

/// Which class a template goes to, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The posterior reaches the threshold.
    Coding,
    /// The posterior is below the threshold.
    NonCoding,
    /// Neither coding nor non-coding can be said.
    Undecided(Reason),
}

impl Verdict {
    /// The class of the verdict, without the reason.
    #[must_use]
    pub fn class(self) -> Class {
        match self {
            Self::Coding => Class::Coding,
            Self::NonCoding => Class::NonCoding,
            Self::Undecided(_) => Class::Undecided,
        }
    }
}

/// Why a template is undecided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No segment is long enough to be scored.
    TooShort,
    /// The posterior lies in the undecided band.
    InBand,
}

/// The rules that separate the classes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VerdictConfig {
    /// The least posterior of a coding template.
    pub threshold: f32,
    /// Undecided where `low <= posterior < high`.
    pub band: Option<(f32, f32)>,
    /// How mates are judged together.
    pub mates: Mates,
}

impl VerdictConfig {
    /// Pools the posteriors of segments that are judged together into one. `None` is a segment too short to be scored;
    /// it is ignored if another segment is scored.
    #[must_use]
    pub fn pooled(&self, posteriors: impl Iterator<Item = Option<f32>>) -> Option<f32> {
        pooled(self.mates, posteriors.flatten())
    }

    /// The verdict for a pooled posterior.
    #[must_use]
    pub fn verdict(&self, posterior: Option<f32>) -> Verdict {
        match posterior {
            None => Verdict::Undecided(Reason::TooShort),
            Some(p) if self.in_band(p) => Verdict::Undecided(Reason::InBand),
            Some(p) if p >= self.threshold => Verdict::Coding,
            Some(_) => Verdict::NonCoding,
        }
    }

    /// The class of one posterior without regard to the band: coding or non-coding.
    #[must_use]
    pub fn class(&self, posterior: f32) -> Class {
        if posterior >= self.threshold { Class::Coding } else { Class::NonCoding }
    }

    fn in_band(&self, posterior: f32) -> bool {
        self.band.is_some_and(|(low, high)| low <= posterior && posterior < high)
    }
}

fn pooled(mates: Mates, posteriors: impl Iterator<Item = f32>) -> Option<f32> {
    match mates {
        Mates::Any | Mates::Each => posteriors.reduce(f32::max),
        Mates::Both => posteriors.reduce(f32::min),
        Mates::Mean => {
            let (sum, count) = posteriors.fold((0.0, 0.0), |(sum, count), p| (sum + p, count + 1.0));
            (count > 0.0).then(|| sum / count)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn config(mates: Mates) -> VerdictConfig {
        VerdictConfig { threshold: 0.5, band: None, mates }
    }

    fn judged(config: VerdictConfig, probabilities: &[Option<f32>]) -> Verdict {
        config.verdict(config.pooled(probabilities.iter().copied()))
    }

    #[test]
    fn the_threshold_itself_is_coding() {
        assert_eq!(judged(config(Mates::Any), &[Some(0.5)]), Verdict::Coding);
        assert_eq!(judged(config(Mates::Any), &[Some(0.499_999)]), Verdict::NonCoding);
    }

    #[test]
    fn mates_are_judged_as_asked() {
        let pair = [Some(0.9), Some(0.2)];
        assert_eq!(judged(config(Mates::Any), &pair), Verdict::Coding);
        assert_eq!(judged(config(Mates::Both), &pair), Verdict::NonCoding);
        assert_eq!(judged(config(Mates::Mean), &pair), Verdict::Coding);
        assert_eq!(judged(config(Mates::Mean), &[Some(0.7), Some(0.2)]), Verdict::NonCoding);
    }

    #[test]
    fn a_segment_too_short_has_no_say_while_its_mate_is_scored() {
        for mates in [Mates::Any, Mates::Both, Mates::Mean] {
            assert_eq!(judged(config(mates), &[None, Some(0.8)]), Verdict::Coding);
            assert_eq!(judged(config(mates), &[None, None]), Verdict::Undecided(Reason::TooShort));
        }
    }

    #[test]
    fn the_band_takes_its_lower_end_and_leaves_its_upper() {
        let config = VerdictConfig { band: Some((0.3, 0.7)), ..config(Mates::Any) };
        let verdict = |p| judged(config, &[Some(p)]);
        assert_eq!(verdict(0.3), Verdict::Undecided(Reason::InBand));
        assert_eq!(verdict(0.7), Verdict::Coding);
        assert_eq!(verdict(0.29), Verdict::NonCoding);
    }

    proptest! {
        #[test]
        fn both_mates_coding_means_any_mate_coding(a in 0.0_f32..1.0, b in 0.0_f32..1.0) {
            let pair = [Some(a), Some(b)];
            let coding = |mates| judged(config(mates), &pair) == Verdict::Coding;
            prop_assert!(!coding(Mates::Both) || coding(Mates::Mean));
            prop_assert!(!coding(Mates::Mean) || coding(Mates::Any));
        }
    }
}
