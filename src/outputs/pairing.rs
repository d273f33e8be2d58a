//! Decides which reads go to the same files as their mates. Pure.

use super::judged::{Judged, pairs};
use crate::class::Class;
use crate::verdict::Verdict;

/// Whether a read goes to the same class's files as its mate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pairing {
    /// The read and its mate go to the same files.
    Paired,
    /// The read has no mate, or its mate goes elsewhere.
    Alone,
}

/// The pairing of each read of a template, given the class that a verdict leads to.
pub(super) fn pairings(judged: &[Judged<'_>], place: impl Fn(Verdict) -> Class) -> impl Iterator<Item = Pairing> {
    pairs(judged).flat_map(move |reads| {
        let pairing = match reads {
            [first, second] if place(first.verdict) == place(second.verdict) => Pairing::Paired,
            _ => Pairing::Alone,
        };
        std::iter::repeat_n(pairing, reads.len())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reads::{Mate, Record};

    #[test]
    fn mates_of_one_class_are_paired_and_others_alone() {
        use Mate::{First, Second, Unpaired};
        use Pairing::{Alone, Paired};
        use Verdict::{Coding, NonCoding};
        for (reads, expected) in [
            (&[(Unpaired, Coding), (Unpaired, Coding)][..], &[Alone, Alone][..]),
            (&[(First, Coding), (Second, Coding)], &[Paired, Paired]),
            (&[(First, Coding), (Second, NonCoding)], &[Alone, Alone]),
            // The name recurs, and one R1 is missing.
            (&[(Second, Coding), (First, Coding), (Second, Coding)], &[Alone, Paired, Paired]),
            (&[(First, Coding), (First, Coding), (Second, Coding)], &[Alone, Paired, Paired]),
        ] {
            let record = |mate| Record::new(b"r", b"ACGT", b"").with_mate(mate);
            let segments: Vec<Record> = reads.iter().map(|(mate, _)| record(*mate)).collect();
            let judged = |(segment, (_, verdict)): (_, &(Mate, Verdict))| Judged {
                segment,
                answer: None,
                posterior: None,
                verdict: *verdict,
                stretches: &[],
                is_located: false,
                output: None,
            };
            let judged: Vec<Judged<'_>> = segments.iter().zip(reads).map(judged).collect();
            assert_eq!(pairings(&judged, Verdict::class).collect::<Vec<_>>(), expected, "{reads:?}");
        }
    }
}
