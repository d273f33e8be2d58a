//! The positions of a row, and how they are grouped.

use std::ops::Range;

use crate::model::row::Row;

/// The number of bases in a position.
const POSITION: usize = 9;
/// The number of bases in a token.
const K: usize = 6;

/// The number of positions in a row.
pub(in crate::model) fn positions(row: Row<'_>) -> usize {
    (row.before + row.ids.len() + K - 1).div_ceil(POSITION)
}

/// The number of groups that `positions` form.
pub(super) fn groups(positions: usize) -> usize {
    2 * (positions / 4) + usize::from(!positions.is_multiple_of(4))
}

/// The positions in a group: pairs are counted from both ends, and the rest is in the middle.
pub(super) fn group(positions: usize, group: usize) -> Range<usize> {
    let pairs = positions / 4;
    if group < pairs {
        return 2 * group..2 * group + 2;
    }
    let from_end = groups(positions) - 1 - group;
    if from_end < pairs {
        return positions - 2 * from_end - 2..positions - 2 * from_end;
    }
    2 * pairs..positions - 2 * pairs
}

/// The group that a position belongs to.
pub(super) fn group_of(positions: usize, position: usize) -> usize {
    let (pairs, from_end) = (positions / 4, positions - 1 - position);
    if position < 2 * pairs {
        position / 2
    } else if from_end < 2 * pairs {
        groups(positions) - 1 - from_end / 2
    } else {
        pairs
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn groups_are_pairs_counted_from_both_ends() {
        let sizes = |positions| (0..groups(positions)).map(|g| group(positions, g).len()).collect::<Vec<_>>();
        assert_eq!([1, 2, 3].map(sizes), [[1], [2], [3]]);
        assert_eq!([4, 5, 6, 7].map(sizes), [vec![2, 2], vec![2, 1, 2], vec![2, 2, 2], vec![2, 3, 2]]);
    }

    proptest! {
        #[test]
        fn groups_cover_all_positions_and_mirror(positions in 1_usize..300) {
            let all: Vec<_> = (0..groups(positions)).map(|g| group(positions, g)).collect();
            prop_assert_eq!((all[0].start, all[all.len() - 1].end), (0, positions));
            prop_assert!(all.windows(2).all(|pair| pair[0].end == pair[1].start));
            for (one, other) in all.iter().zip(all.iter().rev()) {
                prop_assert_eq!(positions - one.end, other.start);
            }
            for (number, own) in all.into_iter().enumerate() {
                prop_assert!(own.into_iter().all(|position| group_of(positions, position) == number));
            }
        }
    }
}
