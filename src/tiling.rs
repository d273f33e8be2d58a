//! Where overlapping windows lie on a read. Pure: knows nothing of what scores the windows.

use std::ops::Range;

use serde::Deserialize;

use crate::prediction::{Frame, Strand};

/// How long reads are cut into overlapping windows, in bases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Tiling {
    /// Bases in a window; one more if the windows of the reverse complement would otherwise lie elsewhere.
    pub length: usize,
    /// The most bases from the start of one window to the start of the next.
    pub step: usize,
    /// The longest read that is a single window.
    pub longest_single: usize,
}

impl Tiling {
    /// Lists the windows of a read of `bases`, spread evenly from its first base to its last. The windows of its
    /// reverse complement are the same ones, mirrored.
    ///
    /// ```
    /// use readseeker::tiling::Tiling;
    /// let tiling = Tiling { length: 300, step: 150, longest_single: 400 };
    /// assert_eq!(tiling.over(400).collect::<Vec<_>>(), [0..400]);
    /// assert_eq!(tiling.over(500).collect::<Vec<_>>(), [0..300, 100..400, 200..500]);
    /// ```
    #[must_use]
    pub fn over(&self, bases: usize) -> impl ExactSizeIterator<Item = Range<usize>> + use<> {
        let tiling = *self;
        (0..self.count(bases)).map(move |n| tiling.window(bases, n))
    }

    /// The number of windows on a read of `bases`.
    #[must_use]
    pub fn count(&self, bases: usize) -> usize {
        if bases <= self.longest_single { 1 } else { 1 + bases.saturating_sub(self.length).div_ceil(self.step) }
    }

    /// The `n`-th window of a read of `bases`, from 0.
    #[must_use]
    pub fn window(&self, bases: usize, n: usize) -> Range<usize> {
        let steps = self.count(bases) - 1;
        let spare = bases.saturating_sub(self.length);
        let start = |step: usize| (step * spare).checked_div(steps).unwrap_or(0);
        start(n)..bases - start(steps - n)
    }
}

/// Converts the frame of a window to the frame on the whole read of `bases`.
#[must_use]
pub fn on_read(frame: Frame, window: &Range<usize>, bases: usize) -> Frame {
    let before = match frame.strand {
        Strand::Plus => window.start,
        Strand::Minus => bases - window.end,
    };
    let offset = (before + usize::from(frame.offset)) % 3;
    Frame { offset: u8::try_from(offset).expect("below 3"), ..frame }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TILING: Tiling = Tiling { length: 300, step: 150, longest_single: 400 };

    proptest! {
        #[test]
        fn windows_cover_a_read_and_mirror(bases in 0_usize..5000) {
            let all: Vec<_> = TILING.over(bases).collect();
            prop_assert_eq!(all[0].start, 0);
            prop_assert_eq!(all.last().unwrap().end, bases);
            for pair in all.windows(2) {
                prop_assert!(pair[1].start - pair[0].start <= TILING.step + 1 && pair[1].start < pair[0].end);
            }
            for (window, mirrored) in all.iter().zip(all.iter().rev()) {
                prop_assert_eq!(bases - window.end, mirrored.start);
                prop_assert!(all.len() == 1 || window.len() == 300 || window.len() == 301);
            }
        }
    }
}
