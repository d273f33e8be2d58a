//! Lays out the windows of a read, and stitches their logits into one row of logits for each of its positions. Pure:
//! knows no tensor, so that windows are the same whatever computes the network.

use std::ops::Range;

use super::config::{POSITION, Window};
use super::decoder::{LOGITS, positions, side};
use crate::model::row::Row;

/// The logits of a position.
pub(super) type Logits = [f32; LOGITS];

/// The number of bases in a row of k-mers.
pub(super) fn bases(row: &[u16]) -> usize {
    row.len() + 5
}

impl Window {
    /// The windows of a row of k-mers, in positions; none if there is no k-mer.
    pub(super) fn over(self, row: &[u16]) -> impl Iterator<Item = Range<usize>> + use<> {
        let all = self.tiling().over(positions(bases(row)));
        all.take(if row.is_empty() { 0 } else { usize::MAX })
    }

    /// The number of positions in all windows of a row.
    pub(super) fn total(self, row: &[u16]) -> usize {
        self.over(row).map(|window| window.len()).sum()
    }

    /// Stitches the logits of a row's windows into those of its positions. Where two windows overlap, they are cut in
    /// the middle of the overlap; a position exactly in the middle gets the mean of both.
    pub(super) fn stitched<'a>(self, row: &[u16], logits: &'a [Logits], room: &'a mut Vec<Logits>) -> &'a [Logits] {
        if logits.len() <= self.longest_single {
            return logits;
        }
        room.clear();
        room.reserve_exact(positions(bases(row)));
        let (mut rest, mut before) = (logits, 0..0);
        for window in self.over(row) {
            let (own, others) = rest.split_at(window.len());
            rest = others;
            let ends = window.start + before.end;
            let cut = ends.div_ceil(2);
            room.truncate(cut);
            if !ends.is_multiple_of(2) {
                let middle = &mut room[cut - 1];
                let other = &own[cut - 1 - window.start];
                middle.iter_mut().zip(other).for_each(|(one, other)| *one = f32::midpoint(*one, *other));
            }
            room.extend_from_slice(&own[cut - window.start..]);
            before = window;
        }
        room
    }
}

/// Cuts the k-mers of a window from a row, with the padding before them.
pub(super) fn cut<'a>(row: &'a [u16], window: &Range<usize>) -> Row<'a> {
    let side = side(bases(row));
    let start = (POSITION * window.start).saturating_sub(side);
    let end = (POSITION * window.end - side).min(bases(row));
    Row { ids: &row[start..end - 5], before: side.saturating_sub(POSITION * window.start) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::cpu::along;

    const WINDOW: Window = Window { positions: 64, step: 48, longest_single: 80 };

    /// Logits that encode the window they come from, and the position.
    fn logits(row: &[u16]) -> Vec<Logits> {
        let mark = |n: usize| f32::from(u16::try_from(n).unwrap());
        let of = |(n, window): (usize, Range<usize>)| {
            window.map(move |position| [mark(n), mark(position), 0.0, 0.0, 0.0, 0.0, 0.0])
        };
        WINDOW.over(row).enumerate().flat_map(of).collect()
    }

    proptest! {
        #[test]
        fn a_window_knows_its_positions(kmers in 1_usize..6000) {
            let row = vec![5; kmers];
            let windows: Vec<_> = WINDOW.over(&row).collect();
            prop_assert_eq!(windows.last().unwrap().end, positions(bases(&row)));
            for window in &windows {
                prop_assert_eq!(along::positions(cut(&row, window)), window.len());
                prop_assert!(windows.len() == 1 || window.len() == 64 || window.len() == 65);
            }
        }

        #[test]
        fn each_position_is_taken_from_the_window_that_reaches_further_beyond_it(kmers in 1_usize..6000) {
            let row = vec![5; kmers];
            let windows: Vec<_> = WINDOW.over(&row).collect();
            let (mut room, logits) = (Vec::new(), logits(&row));
            let stitched = WINDOW.stitched(&row, &logits, &mut room);
            prop_assert_eq!(stitched.len(), positions(bases(&row)));
            for (position, logits) in stitched.iter().enumerate() {
                prop_assert_eq!(logits[1], f32::from(u16::try_from(position).unwrap()));
                let reach = |n: usize| {
                    let left = if n == 0 { usize::MAX } else { position - windows[n].start };
                    left.min(if n + 1 == windows.len() { usize::MAX } else { windows[n].end - 1 - position })
                };
                let here = (0..windows.len()).filter(|&n| windows[n].contains(&position));
                let furthest = here.clone().map(reach).max().unwrap();
                let chosen: Vec<usize> = here.filter(|&n| reach(n) == furthest).collect();
                let mean = f32::from(u16::try_from(chosen.iter().sum::<usize>()).unwrap()) / f32::from(u16::try_from(chosen.len()).unwrap());
                prop_assert_eq!(logits[0], mean, "{} of {:?}", position, windows);
            }
        }
    }
}
