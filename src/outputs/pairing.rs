//! Which reads go where a mate of theirs goes. Pure.

use super::judged::Judged;
use crate::class::{Class, PerClass};
use crate::reads::Mate;
use crate::verdict::Verdict;

/// Whether a read goes where its mate goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pairing {
    /// It does.
    Paired,
    /// It has no mate, or the mate goes elsewhere.
    Alone,
}

/// The pairing of each read of a template, given where verdicts lead: in each class the first R1 pairs with the first R2,
/// and so on.
pub(super) fn pairings(judged: &[Judged<'_>], place: impl Fn(Verdict) -> Class) -> impl Iterator<Item = Pairing> {
    let place = move |judged: &Judged<'_>| match judged.segment.mate {
        Mate::Unpaired => None,
        Mate::First => Some((0, place(judged.verdict))),
        Mate::Second => Some((1, place(judged.verdict))),
    };
    let mut all = [PerClass::<usize>::default(); 2];
    for (mate, class) in judged.iter().filter_map(&place) {
        all[mate][class] += 1;
    }
    let mut before = [PerClass::<usize>::default(); 2];
    judged.iter().map(move |judged| {
        let Some((mate, class)) = place(judged) else { return Pairing::Alone };
        before[mate][class] += 1;
        if before[mate][class] <= all[1 - mate][class] { Pairing::Paired } else { Pairing::Alone }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reads::Record;
    use crate::verdict::Reason;

    /// As the rule says it: a read is paired if, of its class, fewer of its mate come before it than there are of the
    /// other mate.
    fn pairing(n: usize, judged: &[Judged<'_>]) -> Pairing {
        let Judged { segment, verdict, .. } = judged[n];
        let other = match segment.mate {
            Mate::Unpaired => return Pairing::Alone,
            Mate::First => Mate::Second,
            Mate::Second => Mate::First,
        };
        let count = |judged: &[Judged<'_>], mate| {
            let same = |one: &&Judged<'_>| one.segment.mate == mate && one.verdict.class() == verdict.class();
            judged.iter().filter(same).count()
        };
        if count(&judged[..n], segment.mate) < count(judged, other) { Pairing::Paired } else { Pairing::Alone }
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
