//! Decides which reads go to the same files as their mates. Pure.

use smallvec::SmallVec;

use super::judged::Judged;
use crate::class::Class;
use crate::reads::Mate;
use crate::verdict::Verdict;

/// Whether a read goes to the same class's files as its mate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pairing {
    /// The read and its mate go to the same files.
    Paired,
    /// The read has no mate, or its mate goes elsewhere.
    Alone,
}

/// The pairing of each read of a template, given the class for each verdict. The first R1 pairs with the first R2, and
/// so on.
pub(super) fn pairings(judged: &[Judged<'_>], place: impl Fn(Verdict) -> Class) -> impl Iterator<Item = Pairing> {
    let side = |judged: &Judged<'_>| match judged.segment.mate {
        Mate::Unpaired => None,
        Mate::First => Some(0),
        Mate::Second => Some(1),
    };
    let mut classes: [SmallVec<[Class; 2]>; 2] = Default::default();
    for read in judged {
        if let Some(side) = side(read) {
            classes[side].push(place(read.verdict));
        }
    }
    let mut before = [0; 2];
    judged.iter().map(move |read| {
        let Some(side) = side(read) else { return Pairing::Alone };
        let nth = before[side];
        before[side] += 1;
        if classes[1 - side].get(nth) == classes[side].get(nth) { Pairing::Paired } else { Pairing::Alone }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reads::Record;
    use crate::verdict::Reason;

    /// The pairing by definition: a read is paired if its counterpart, the other mate with as many of its kind before
    /// it, goes to the same class.
    fn pairing(n: usize, judged: &[Judged<'_>]) -> Pairing {
        let Judged { segment, verdict, .. } = judged[n];
        let other = match segment.mate {
            Mate::Unpaired => return Pairing::Alone,
            Mate::First => Mate::Second,
            Mate::Second => Mate::First,
        };
        let before = judged[..n].iter().filter(|one| one.segment.mate == segment.mate).count();
        let other = judged.iter().filter(|one| one.segment.mate == other).nth(before);
        if other.is_some_and(|other| other.verdict.class() == verdict.class()) {
            Pairing::Paired
        } else {
            Pairing::Alone
        }
    }

    fn judged(segment: &Record, verdict: Verdict) -> Judged<'_> {
        Judged { segment, answer: None, posterior: None, verdict, stretches: &[], is_located: false, output: None }
    }

    fn segments() -> impl Strategy<Value = Vec<(Record, Verdict)>> {
        let mates = prop::sample::select(vec![Mate::Unpaired, Mate::First, Mate::Second]);
        let undecided = Verdict::Undecided(Reason::TooShort);
        let verdicts = prop::sample::select(vec![Verdict::Coding, Verdict::NonCoding, undecided]);
        let segment = mates.prop_map(|mate| Record::new(b"r", b"ACGT", b"").with_mate(mate));
        prop::collection::vec((segment, verdicts), 0..12)
    }

    proptest! {
        #[test]
        fn pairings_are_counted_at_once_as_one_by_one(segments in segments()) {
            let judged: Vec<_> =
                segments.iter().map(|(segment, verdict)| judged(segment, *verdict)).collect();
            let one_by_one: Vec<_> = (0..judged.len()).map(|n| pairing(n, &judged)).collect();
            prop_assert_eq!(pairings(&judged, Verdict::class).collect::<Vec<_>>(), one_by_one);
        }
    }
}
