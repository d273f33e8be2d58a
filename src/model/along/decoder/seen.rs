//! The part of a read that the network sees: without unknown bases at its ends, and with long runs of them shortened.
//! Unknown bases say nothing, and what lies on both sides of them says more together. Pure.

use std::borrow::Cow;

use crate::kmer::FIRST;
use crate::prediction::{Frame, Strand, Stretch};

/// The most unknown bases of a run that the network sees. A multiple of three is left out, so that the frame stays the
/// same.
const MOST: usize = 8;
/// The number of bases that a 6-mer shares with the next.
const SHARED: usize = 5;

/// The part of a read that the network sees. Everything else counts on this part; results are converted back to the
/// read.
#[derive(Clone, Debug)]
pub(in crate::model::along) struct Seen<'a> {
    /// The overlapping 6-mers.
    pub(in crate::model::along) row: Cow<'a, [u16]>,
    /// The numbers of the read's bases before and after the part.
    around: [usize; 2],
    /// The shortened runs, in order: where each begins in the part, and how many of its bases are left out.
    shortened: Vec<(usize, usize)>,
}

impl<'a> Seen<'a> {
    /// Finds the part in a read's overlapping 6-mers. A base is unknown if each 6-mer with it has unknown bases. If all
    /// 6-mers have some, the whole read is seen.
    pub(in crate::model::along) fn of(all: &'a [u16]) -> Self {
        let (Some(first), Some(last)) =
            (all.iter().position(|&id| is_whole(id)), all.iter().rposition(|&id| is_whole(id)))
        else {
            return Self { row: all.into(), around: [0, 0], shortened: Vec::new() };
        };
        let inner = &all[first..=last];
        let mut seen = Self { row: inner.into(), around: [first, all.len() - 1 - last], shortened: Vec::new() };
        if !inner.iter().all(|&id| is_whole(id)) {
            seen.shorten(inner);
        }
        seen
    }

    /// Shortens long runs of unknown bases.
    fn shorten(&mut self, inner: &[u16]) {
        let mut row = Vec::with_capacity(inner.len());
        for run in inner.chunk_by(|&one, &next| is_whole(one) == is_whole(next)) {
            let unknown = if is_whole(run[0]) { 0 } else { run.len() - SHARED };
            let missing = 3 * unknown.saturating_sub(MOST).div_ceil(3);
            if missing > 0 {
                self.shortened.push((row.len() + SHARED, missing));
            }
            row.extend_from_slice(&run[missing..]);
        }
        self.row = row.into();
    }

    /// The number of bases in the part.
    pub(super) fn bases(&self) -> usize {
        self.row.len() + SHARED
    }

    /// Whether there is a 6-mer of known bases. Without any, the network's output is no evidence.
    pub(super) fn is_known(&self) -> bool {
        self.row.iter().any(|&id| is_whole(id))
    }

    /// Converts a frame to the whole read.
    pub(super) fn frame(&self, frame: Frame) -> Frame {
        let [before, after] = self.around;
        let ahead = if frame.strand == Strand::Plus { before } else { after };
        let offset = u8::try_from((usize::from(frame.offset) + ahead) % 3).expect("below 3");
        Frame { offset, ..frame }
    }

    /// Converts a stretch to the whole read.
    pub(super) fn stretch(&self, stretch: Stretch) -> Stretch {
        let [start, end] = [stretch.start, stretch.end].map(|border| self.border(border));
        Stretch { start, end, frame: self.frame(stretch.frame), ..stretch }
    }

    /// Converts a border between two bases to the whole read. A border at the start of a shortened run comes before the
    /// run; none lies inside one.
    fn border(&self, border: u32) -> u32 {
        let passed = self.shortened.iter().take_while(|(begins, _)| *begins < border as usize);
        let before = self.around[0] + passed.map(|(_, missing)| missing).sum::<usize>();
        border + u32::try_from(before).expect("a read has fewer than 2^32 bases")
    }
}

/// Whether a 6-mer has no unknown bases.
fn is_whole(id: u16) -> bool {
    id >= FIRST
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kmer;

    fn row(bases: &str) -> Vec<u16> {
        let mut row = Vec::new();
        kmer::tokenize(bases.as_bytes(), 6, None, &mut row);
        row
    }

    /// The part of a read that the model sees, and for each border between its bases, the number of the read's bases
    /// before it.
    fn seen(bases: &str) -> (Vec<u16>, Vec<u32>) {
        let row = row(bases);
        let seen = Seen::of(&row);
        let borders = (0..=seen.bases()).map(|n| seen.border(u32::try_from(n).unwrap())).collect();
        (seen.row.into_owned(), borders)
    }

    #[test]
    fn runs_keep_their_phase_and_at_most_eight_bases() {
        let [one, other] = ["ACGTACGTA", "TTGACCTAG"];
        for (unknown, kept) in [(1, 1), (8, 8), (9, 6), (10, 7), (11, 8), (12, 6), (3000, 6)] {
            let read = |unknown: usize| format!("{one}{}{other}", "N".repeat(unknown));
            let (row_of_it, borders) = seen(&("N".repeat(7) + &read(unknown) + "NN"));
            assert_eq!(row_of_it, row(&read(kept)), "{unknown}");
            assert_eq!(borders[..=9], std::array::from_fn::<u32, 10, _>(|n| 7 + u32::try_from(n).unwrap()));
            let behind = u32::try_from(7 + 9 + unknown).unwrap();
            assert_eq!((borders[9 + kept], borders[9 + kept + 9]), (behind, behind + 9), "{unknown}");
        }
    }

    proptest! {
        #[test]
        fn known_bases_are_all_seen_where_they_were(bases in "([ACGT]{6,20}N{1,40}){1,5}[ACGTN]{0,20}") {
            let all = row(&bases);
            let seen = Seen::of(&all);
            let whole = |row: &[u16]| row.iter().copied().filter(|&id| is_whole(id)).collect::<Vec<_>>();
            prop_assert_eq!(whole(&seen.row), whole(&all));
            for (n, id) in seen.row.iter().enumerate().filter(|&(_, &id)| is_whole(id)) {
                let at = seen.border(u32::try_from(n + 3).unwrap()) as usize - 3;
                prop_assert_eq!((*id, at % 3), (all[at], (seen.around[0] + n) % 3));
            }
        }
    }
}
