//! Where a template goes: the probabilities of its segments -> [`Verdict`]. Pure: knows no file and no model.

/// The two classes, as the reference model numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// Not CDS: label 0.
    NonCoding,
    /// CDS: label 1.
    Coding,
}

/// How the segments of one template are judged together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mates {
    /// Coding if any segment is.
    #[default]
    Any,
    /// Coding if all segments are.
    Both,
    /// Coding if the mean of the probabilities is.
    Mean,
    /// Each segment on its own; mates may part.
    Each,
}

/// Where a template goes, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Its probability reaches the threshold.
    Coding,
    /// It does not.
    NonCoding,
    /// Neither can be said.
    Undecided(Reason),
}

/// Why a template is undecided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No segment is long enough to be scored.
    TooShort,
    /// Its probability lies in the undecided band.
    InBand,
}

/// What separates the classes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    /// Coding from this probability on.
    pub threshold: f32,
    /// Undecided where `low <= probability < high`.
    pub band: Option<(f32, f32)>,
    /// How mates are judged together.
    pub mates: Mates,
}

impl Config {
    /// The verdict on segments that stay together and have these probabilities; `None` is a segment too short to score,
    /// which has no say while another segment is scored.
    #[must_use]
    pub fn verdict(&self, probabilities: impl Iterator<Item = Option<f32>>) -> Verdict {
        match pooled(self.mates, probabilities.flatten()) {
            None => Verdict::Undecided(Reason::TooShort),
            Some(p) if self.in_band(p) => Verdict::Undecided(Reason::InBand),
            Some(p) if self.label(p) == Label::Coding => Verdict::Coding,
            Some(_) => Verdict::NonCoding,
        }
    }

    /// The label of one probability, whatever the band.
    #[must_use]
    pub fn label(&self, probability: f32) -> Label {
        if probability >= self.threshold { Label::Coding } else { Label::NonCoding }
    }

    fn in_band(&self, probability: f32) -> bool {
        self.band.is_some_and(|(low, high)| low <= probability && probability < high)
    }
}

fn pooled(mates: Mates, probabilities: impl Iterator<Item = f32>) -> Option<f32> {
    match mates {
        Mates::Any | Mates::Each => probabilities.reduce(f32::max),
        Mates::Both => probabilities.reduce(f32::min),
        Mates::Mean => {
            let (sum, count) = probabilities.fold((0.0, 0.0), |(sum, count), p| (sum + p, count + 1.0));
            (count > 0.0).then(|| sum / count)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn config(mates: Mates) -> Config {
        Config { threshold: 0.5, band: None, mates }
    }

    #[test]
    fn the_threshold_itself_is_coding() {
        assert_eq!(config(Mates::Any).verdict([Some(0.5)].into_iter()), Verdict::Coding);
        assert_eq!(config(Mates::Any).verdict([Some(0.499_999)].into_iter()), Verdict::NonCoding);
    }

    #[test]
    fn mates_are_judged_as_asked() {
        let pair = [Some(0.9), Some(0.2)];
        assert_eq!(config(Mates::Any).verdict(pair.into_iter()), Verdict::Coding);
        assert_eq!(config(Mates::Both).verdict(pair.into_iter()), Verdict::NonCoding);
        assert_eq!(config(Mates::Mean).verdict(pair.into_iter()), Verdict::Coding);
        assert_eq!(config(Mates::Mean).verdict([Some(0.7), Some(0.2)].into_iter()), Verdict::NonCoding);
    }

    #[test]
    fn a_segment_too_short_has_no_say_while_its_mate_is_scored() {
        for mates in [Mates::Any, Mates::Both, Mates::Mean] {
            assert_eq!(config(mates).verdict([None, Some(0.8)].into_iter()), Verdict::Coding);
            assert_eq!(config(mates).verdict([None, None].into_iter()), Verdict::Undecided(Reason::TooShort));
        }
    }

    #[test]
    fn the_band_takes_its_lower_end_and_leaves_its_upper() {
        let config = Config { band: Some((0.3, 0.7)), ..config(Mates::Any) };
        let verdict = |p| config.verdict([Some(p)].into_iter());
        assert_eq!(verdict(0.3), Verdict::Undecided(Reason::InBand));
        assert_eq!(verdict(0.7), Verdict::Coding);
        assert_eq!(verdict(0.29), Verdict::NonCoding);
    }

    proptest! {
        #[test]
        fn both_mates_coding_means_any_mate_coding(a in 0.0_f32..1.0, b in 0.0_f32..1.0) {
            let pair = [Some(a), Some(b)];
            let coding = |mates| config(mates).verdict(pair.into_iter()) == Verdict::Coding;
            prop_assert!(!coding(Mates::Both) || coding(Mates::Mean));
            prop_assert!(!coding(Mates::Mean) || coding(Mates::Any));
        }
    }
}
