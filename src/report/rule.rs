//! Describes the rule by which reads were judged.

use super::account::{Counts, Settings};
use crate::progress::grouped;
use crate::verdict::Mates;
use crate::windows::Pool;

/// Writes `coding at 0.5 or above; a pair is coding if either mate is (mates disagree in 12 of 2,000 pairs)`.
pub(super) fn rule(settings: &Settings, counts: &Counts) -> String {
    let Settings { threshold, undecided_band, mates, .. } = settings;
    let band = undecided_band.map_or_else(String::new, |[low, high]| format!(", undecided from {low} to below {high}"));
    let single = format!("coding at {threshold} or above{band}");
    if counts.pairs == 0 {
        // Mates that are judged alone need not even be adjacent, so pairs were not counted.
        return if *mates == Mates::Each { format!("{single}; each read is judged alone") } else { single };
    }
    let pairs = match mates {
        Mates::Any => "a pair is coding if either mate is",
        Mates::Both => "a pair is coding if both mates are",
        Mates::Mean => "a pair is judged by the mean of its mates",
        Mates::Each => "each mate is judged alone",
    };
    let (disagree, all) = (grouped(counts.pairs_that_disagree), grouped(counts.pairs));
    format!("{single}; {pairs} (mates disagree in {disagree} of {all} pairs)")
}

/// Names the score that a read gets from its windows.
pub(super) fn pooled(pool: Pool) -> &'static str {
    match pool {
        Pool::Mean => "mean",
        Pool::Max => "maximum",
        Pool::Fraction => "coding share",
    }
}
