//! The reads of an evaluation and the parts that are measured separately: groups, lengths, GC contents.

use serde::Serialize;

use crate::composition;
use crate::metrics::{Measures, Scored, share, share_95};
use crate::prediction::{Frame, Prediction};

/// The lower bounds of the bins by length.
const LENGTHS: [u32; 8] = [0, 100, 150, 200, 300, 500, 1000, 3000];

/// The lower bounds of the bins by GC content, in per cent.
const GC: [u32; 10] = [0, 25, 30, 35, 40, 45, 50, 55, 60, 65];

/// The labelled reads that were scored.
#[derive(Clone, Debug, Default)]
pub struct LabelledReads {
    /// The truth about each read.
    pub truths: Vec<Truth>,
    /// The names of the groups.
    pub groups: Vec<String>,
    /// The number of other reads, which were too short to be scored.
    pub unscored: u64,
    /// The numbers of reads without a label, by reason.
    pub left_out: Vec<(&'static str, u64)>,
}

/// The truth about a read, and the properties by which it is grouped.
#[derive(Clone, Copy, Debug)]
pub struct Truth {
    pub(super) is_coding: bool,
    frame: Option<Frame>,
    length: u32,
    /// The GC content in per cent.
    gc: Option<u32>,
    group: Option<u32>,
}

impl Truth {
    /// The truth about a read. `group` is the number of its group; `frame` is that of a coding read, if known.
    #[must_use]
    pub fn of(bases: &[u8], is_coding: bool, frame: Option<Frame>, group: Option<u32>) -> Self {
        let length = u32::try_from(bases.len()).unwrap_or(u32::MAX);
        Self { is_coding, frame: frame.filter(|_| is_coding), length, gc: composition::gc_per_cent(bases), group }
    }
}

/// The measures of some of the reads.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Part {
    pub(super) name: String,
    #[serde(flatten)]
    pub(super) measures: Measures,
    /// The share of right frames among reads whose frame is known and predicted.
    pub(super) frame_accuracy: Option<f64>,
    pub(super) frame_accuracy_95: Option<[f64; 2]>,
}

/// The measures of all reads and of each part.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    pub(super) all: Part,
    pub(super) groups: Vec<Part>,
    pub(super) lengths: Vec<Part>,
    pub(super) gc: Vec<Part>,
}

/// Measures all parts that have reads.
pub(super) fn parts(reads: &LabelledReads, said: &[Prediction], threshold: f32) -> Parts {
    let names = |starts: &[u32]| (0..starts.len()).map(|n| name_of_bin(starts, n)).collect::<Vec<_>>();
    let index = |n: u32| usize::try_from(n).expect("at least 32 bits");
    let by = |names: &[String], part: &dyn Fn(&Truth) -> Option<usize>| {
        let mut parts = vec![Own::default(); names.len()];
        for (truth, &said) in reads.truths.iter().zip(said) {
            if let Some(n) = part(truth) {
                parts[n].add(truth, said);
            }
        }
        let filled = parts.into_iter().zip(names).filter(|(own, _)| !own.scored.is_empty());
        filled.map(|(own, name)| own.part(name, threshold)).collect::<Vec<_>>()
    };
    let bin = |starts: &[u32], value: u32| starts.iter().rposition(|&first| first <= value);
    let mut all = Own::default();
    reads.truths.iter().zip(said).for_each(|(truth, &said)| all.add(truth, said));
    Parts {
        all: all.part(".", threshold),
        groups: by(&reads.groups, &|truth| truth.group.map(index)),
        lengths: by(&names(&LENGTHS), &|truth| bin(&LENGTHS, truth.length)),
        gc: by(&names(&GC), &|truth| bin(&GC, truth.gc?)),
    }
}

/// The predictions for the reads of one part.
#[derive(Clone, Debug, Default)]
struct Own {
    scored: Vec<Scored>,
    right_frames: u64,
    known_frames: u64,
}

impl Own {
    fn add(&mut self, truth: &Truth, said: Prediction) {
        self.scored.push(Scored { probability: said.probability, is_coding: truth.is_coding });
        if let (Some(truth), Some(said)) = (truth.frame, said.frame) {
            self.known_frames += 1;
            self.right_frames += u64::from(truth == said);
        }
    }

    fn part(self, name: &str, threshold: f32) -> Part {
        let Self { scored, right_frames, known_frames } = self;
        Part {
            name: name.to_owned(),
            measures: Measures::of(&scored, threshold),
            frame_accuracy: share(right_frames, known_frames),
            frame_accuracy_95: share_95(right_frames, known_frames),
        }
    }
}

/// The name of a bin: `150-199`, `3000+`.
fn name_of_bin(starts: &[u32], bin: usize) -> String {
    match starts.get(bin + 1) {
        Some(next) => format!("{}-{}", starts[bin], next - 1),
        None => format!("{}+", starts[bin]),
    }
}
