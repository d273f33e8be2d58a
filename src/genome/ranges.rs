//! Sets of positions as sorted, disjoint ranges. Pure.

use std::ops::Range;

/// Merges ranges that overlap or touch; the result is sorted.
pub(super) fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by_key(|range| range.start);
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

/// The positions in `ranges` that are not in `without`; both are merged, and so is the result.
pub(super) fn less(ranges: &[Range<usize>], without: &[Range<usize>]) -> Vec<Range<usize>> {
    let (mut left, mut next) = (Vec::new(), 0);
    for range in ranges {
        let mut start = range.start;
        // A range to be removed may extend into the next one.
        while next < without.len() && without[next].end <= start {
            next += 1;
        }
        for hole in without[next..].iter().take_while(|hole| hole.start < range.end) {
            left.push(start..hole.start.max(start));
            start = hole.end;
        }
        left.push(start.min(range.end)..range.end);
    }
    left.retain(|range| !range.is_empty());
    left
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ranges() -> impl Strategy<Value = Vec<Range<usize>>> {
        prop::collection::vec((0_usize..60, 0_usize..9).prop_map(|(start, length)| start..start + length), 0..12)
    }

    fn holds(ranges: &[Range<usize>], position: usize) -> bool {
        ranges.iter().any(|range| range.contains(&position))
    }

    fn is_merged(ranges: &[Range<usize>]) -> bool {
        ranges.iter().all(|range| !range.is_empty()) && ranges.is_sorted_by(|one, next| one.end < next.start)
    }

    proptest! {
        #[test]
        fn merging_keeps_all_positions_and_no_others(given in ranges()) {
            let merged = merged(given.clone());
            prop_assert!(is_merged(&merged), "{:?}", merged);
            prop_assert!((0..80).all(|position| holds(&merged, position) == holds(&given, position)));
        }

        #[test]
        fn taking_away_leaves_what_is_not_taken(given in ranges(), without in ranges()) {
            let (given, without) = (merged(given), merged(without));
            let left = less(&given, &without);
            prop_assert!(is_merged(&left), "{:?}", left);
            let is_left = |position| holds(&given, position) && !holds(&without, position);
            prop_assert!((0..80).all(|position| holds(&left, position) == is_left(position)));
        }
    }
}
