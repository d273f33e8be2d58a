//! Warnings that follow from the sums of a run: whether the model fits the reads.

use super::account::{OddReads, Report};
use crate::prior::MOST_UNSURE;
use crate::progress::share;
use crate::tally::{LONG as LONG_READ, SHORT};
use crate::warning::Warning;

/// The share of reads from which on those that cannot be scored, or not as a whole, are worth a warning.
const MANY: f64 = 0.1;

/// The time in seconds from which on a run of a large model is worth a warning.
const LONG: f64 = 3600.0;

/// The warnings for the user after the last read.
#[must_use]
pub fn warnings(report: &Report) -> Vec<Warning> {
    all(report).into_iter().filter(|(holds, _)| *holds).map(|(_, warning)| warning).collect()
}

/// Whether a warning is one that follows from the sums.
pub(super) fn is_of_sums(report: &Report, warning: &Warning) -> bool {
    all(report).iter().any(|(_, one)| one.code() == warning.code())
}

/// All warnings that may follow from the sums, and whether each applies.
fn all(report: &Report) -> [(bool, Warning); 10] {
    let counts = &report.counts;
    let OddReads { short, truncated, reads_at_most, unknown_bases, low_complexity, odd_gc, error_rich } =
        report.odd_reads;
    let loses_frames = report.model.kind == "compact" && report.settings.windows.is_none();
    let of = counts.classes.iter().map(|(_, reads)| reads).sum();
    // A shard of a short input may be empty, and so may a sample.
    let is_empty = of == 0 && counts.not_sampled == 0 && report.input.shard.is_none();
    let (unsure, scored) = (report.histogram.unsure(), counts.scored);
    let min_length = report.settings.min_length;
    let bases = reads_at_most.unwrap_or(usize::MAX);
    // The pooled probability of windows is in the middle if a read holds genes and gaps, however sure the model is of
    // each window.
    let is_unsure = report.settings.windows.is_none() && share(unsure, scored) > MOST_UNSURE;
    [
        (is_empty, Warning::NoReads),
        (share(counts.too_short, of) >= MANY, Warning::Unscored { reads: counts.too_short, of, min_length }),
        (share(short, of) > 0.5, Warning::Short { reads: short, of, length: SHORT }),
        (share(truncated, of) >= MANY, Warning::Truncated { reads: truncated, of, bases }),
        (share(unknown_bases, of) >= MANY, Warning::Unknown { reads: unknown_bases, of }),
        (share(low_complexity, of) >= MANY, Warning::LowComplexity { reads: low_complexity, of }),
        (share(odd_gc, of) >= MANY, Warning::OddGc { reads: odd_gc, of }),
        (
            loses_frames && share(error_rich, of) >= MANY,
            Warning::ErrorRich { reads: error_rich, of, longer_than: LONG_READ },
        ),
        (is_unsure, Warning::Unsure { reads: unsure, of: scored }),
        (report.model.kind == "bert" && report.wall_seconds >= LONG, slow(report)),
    ]
}

fn slow(report: &Report) -> Warning {
    let minutes = std::time::Duration::from_secs_f64(report.wall_seconds).as_secs() / 60;
    Warning::Slow { model: report.model.name.clone(), reads_per_second: report.reads_per_second, minutes }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::class::PerClass;
    use crate::kmer::Letters;
    use crate::model::Card;
    use crate::reads::{Format, InputCounts};
    use crate::report::{Facts, Scope};
    use crate::shard::Slice;
    use crate::tally::{BINS, Group, Tally};
    use crate::verdict::{Mates, VerdictConfig};
    use crate::windows::{Pool, WindowsConfig};

    fn codes(tally: &Tally) -> Vec<String> {
        codes_after(Duration::ZERO, &Card::default(), tally)
    }

    fn codes_after(elapsed: Duration, card: &Card, tally: &Tally) -> Vec<String> {
        codes_of(facts(), elapsed, card, tally)
    }

    fn codes_of(facts: Facts, elapsed: Duration, card: &Card, tally: &Tally) -> Vec<String> {
        let report = Report::new(facts, Vec::new(), card, &InputCounts::default(), tally, elapsed);
        warnings(&report).iter().map(|warning| warning.code().to_owned()).collect()
    }

    fn facts() -> Facts {
        Facts {
            command: Vec::new(),
            threads: std::num::NonZero::<usize>::MIN,
            files: Vec::new(),
            format: Format::Fastq,
            stored_size: None,
            verdict: VerdictConfig { threshold: 0.5, band: None, mates: Mates::Any },
            min_length: 60,
            letters: Letters::Lenient,
            windows: None,
            reads_at_most: Some(301),
            audit: None,
            scope: Scope::default(),
        }
    }

    /// A tally of a hundred reads without anything remarkable.
    fn hundred() -> Tally {
        let noncoding = Group { reads: 100, bases: 10_000 };
        Tally { classes: PerClass { noncoding, ..PerClass::default() }, ..Tally::default() }
    }

    #[test]
    fn a_tenth_of_the_reads_is_many_and_half_of_them_is_most() {
        let tally = hundred();
        assert_eq!(codes(&tally), [""; 0]);
        let few = Tally { too_short: 9, short: 50, truncated: 9, unknown: 9, repeats: 9, odd_gc: 9, ..tally.clone() };
        assert_eq!(codes(&few), [""; 0]);
        let many = Tally { too_short: 10, short: 51, truncated: 10, unknown: 10, repeats: 10, odd_gc: 10, ..tally };
        let all = ["unscored_reads", "short_reads", "truncated_reads", "unknown_bases", "low_complexity", "odd_gc"];
        assert_eq!(codes(&many), all);
    }

    #[test]
    fn a_model_is_unsure_where_most_probabilities_are_in_the_middle() {
        let of = |sure: u64, unsure: u64| {
            let mut histogram = [0; BINS];
            (histogram[1], histogram[BINS - 2]) = (sure, sure);
            (histogram[2], histogram[BINS - 3]) = (unsure, unsure);
            Tally { histogram, ..hundred() }
        };
        assert_eq!(codes(&of(30, 70)), [""; 0]);
        assert_eq!(codes(&of(29, 71)), ["unsure_model"]);
        let windows = WindowsConfig { step: std::num::NonZero::<usize>::MIN, pool: Pool::Mean, threshold: 0.5 };
        let pooled = Facts { windows: Some(windows), ..facts() };
        assert_eq!(codes_of(pooled, Duration::ZERO, &Card::default(), &of(0, 100)), [""; 0]);
    }

    #[test]
    fn an_empty_input_is_worth_a_warning_and_an_empty_shard_is_not() {
        let codes = |slice| {
            let facts = Facts { scope: Scope { slice, ..Scope::default() }, ..facts() };
            codes_of(facts, Duration::ZERO, &Card::default(), &Tally::default())
        };
        assert_eq!(codes(None), ["no_reads"]);
        let slice = Slice { shard: "2/2".parse().unwrap(), templates: 1..1, of: 1, input: "in.fq".into() };
        assert_eq!(codes(Some(slice)), [""; 0]);
    }

    #[test]
    fn long_reads_with_errors_are_not_for_a_model_that_loses_the_frame() {
        let noncoding = Group { reads: 100, bases: 100_000 };
        let classes = PerClass { noncoding, ..PerClass::default() };
        let codes = |kind: &str, error_rich| {
            let card = Card { kind: kind.to_owned().into(), ..Card::default() };
            codes_after(Duration::ZERO, &card, &Tally { classes, error_rich, ..Tally::default() })
        };
        assert_eq!(codes("compact", 10), ["error_rich_reads"]);
        assert_eq!(codes("compact", 9), [""; 0]);
        assert_eq!(codes("along", 100), [""; 0]);
    }

    #[test]
    fn hours_of_a_bert_are_worth_a_warning_and_those_of_other_models_have_their_reasons() {
        let codes = |kind: &str, seconds| {
            let card = Card { kind: kind.to_owned().into(), ..Card::default() };
            codes_after(Duration::from_secs(seconds), &card, &hundred())
        };
        assert_eq!(codes("bert", 3600), ["slow_model"]);
        assert_eq!(codes("bert", 3599), [""; 0]);
        assert_eq!(codes("along", 36_000), [""; 0]);
    }
}
