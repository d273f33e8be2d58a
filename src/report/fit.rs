//! Whether the model fits the reads of a run: what the sums warn of.

use super::account::Facts;
use crate::prior::MOST_UNSURE;
use crate::progress::share;
use crate::tally::{SHORT, Tally};
use crate::warning::Warning;

/// From this share of the reads on, the ones that cannot be scored, or not as a whole, are worth a warning.
const MANY: f64 = 0.1;

/// What the user should know after the last read.
#[must_use]
pub fn warnings(facts: &Facts, tally: &Tally) -> Vec<Warning> {
    let of = tally.written();
    let unscored = Warning::Unscored { reads: tally.too_short, of, min_length: facts.min_length };
    let short = Warning::Short { reads: tally.short, of, length: SHORT };
    let bases = facts.reads_at_most.unwrap_or(usize::MAX);
    let truncated = Warning::Truncated { reads: tally.truncated, of, bases };
    let (unsure, scored) = (tally.unsure(), tally.scored());
    let all = [
        (share(tally.too_short, of) >= MANY, unscored),
        (share(tally.short, of) > 0.5, short),
        (share(tally.truncated, of) >= MANY, truncated),
        (share(tally.unknown, of) >= MANY, Warning::Unknown { reads: tally.unknown, of }),
        (share(tally.repeats, of) >= MANY, Warning::LowComplexity { reads: tally.repeats, of }),
        (share(tally.odd_gc, of) >= MANY, Warning::OddGc { reads: tally.odd_gc, of }),
        (share(unsure, scored) > MOST_UNSURE, Warning::Unsure { reads: unsure, of: scored }),
    ];
    all.into_iter().filter(|(holds, _)| *holds).map(|(_, warning)| warning).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::PerClass;
    use crate::reads::Format;
    use crate::report::Scope;
    use crate::tally::{BINS, Group};
    use crate::verdict::{Mates, VerdictConfig};

    fn codes(tally: &Tally) -> Vec<String> {
        let facts = Facts {
            command: Vec::new(),
            threads: std::num::NonZero::<usize>::MIN,
            files: Vec::new(),
            format: Format::Fastq,
            stored_size: None,
            verdict: VerdictConfig { threshold: 0.5, band: None, mates: Mates::Any },
            min_length: 60,
            windows: None,
            reads_at_most: Some(301),
            audit: None,
            scope: Scope::default(),
        };
        warnings(&facts, tally).iter().map(|warning| warning.code().to_owned()).collect()
    }

    #[test]
    fn a_tenth_of_the_reads_is_many_and_half_of_them_is_most() {
        let noncoding = Group { reads: 100, bases: 10_000 };
        let tally = Tally { classes: PerClass { noncoding, ..PerClass::default() }, ..Tally::default() };
        assert_eq!(codes(&tally), [""; 0]);
        assert_eq!(codes(&Tally::default()), [""; 0], "nothing is no reason to warn");
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
            codes(&Tally { histogram, ..Tally::default() })
        };
        assert_eq!(of(30, 70), [""; 0]);
        assert_eq!(of(29, 71), ["unsure_model"]);
    }
}
