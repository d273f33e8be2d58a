//! The scores of a path's transitions, given the codons at the border they pass. Pure.

use super::codons::Marks;
use super::settings::DecoderSettings;

/// The scores of all transitions.
#[derive(Clone, Debug)]
pub(super) struct Steps {
    /// The scores that stop codons affect, by the set of frames with a stop codon at the border.
    stops: [AtStops; SETS],
    /// The scores of beginning a gene in each frame of a strand, by the sets of frames with ATG and with GTG or TTG.
    begin: Box<[Frames; SETS * SETS]>,
    pub(super) other: f64,
}

/// A number for each frame of a strand.
pub(super) type Frames = [f64; 3];

/// The number of sets of frames of a strand.
const SETS: usize = 8;

/// The scores that stop codons affect, for each frame of a strand.
#[derive(Clone, Copy, Debug)]
pub(super) struct AtStops {
    /// The score of remaining in a gene.
    pub(super) stay: Frames,
    /// The score of ending a gene.
    pub(super) end: Frames,
    /// The score of changing to another frame.
    pub(super) shift: Frames,
}

/// The scores for a strand at a border.
#[derive(Clone, Copy)]
pub(super) struct AtBorder<'a> {
    pub(super) begin: &'a Frames,
    pub(super) stops: &'a AtStops,
}

impl Steps {
    pub(super) fn new(settings: &DecoderSettings) -> Self {
        let DecoderSettings { start, start_codon, other_start_codon, .. } = *settings;
        let DecoderSettings { stop, stop_codon, through, shift, shift_at_stop, other, .. } = *settings;
        let by_frame = |marks: usize, marked: f64, unmarked: f64| -> Frames {
            std::array::from_fn(|frame| -if marks >> frame & 1 == 1 { marked } else { unmarked })
        };
        let begin = |marks: usize| -> Frames {
            let (atg, others) =
                (by_frame(marks % SETS, start_codon, start), by_frame(marks / SETS, other_start_codon, start));
            std::array::from_fn(|frame| if marks >> frame & 1 == 1 { atg[frame] } else { others[frame] })
        };
        Self {
            stops: std::array::from_fn(|marks| AtStops {
                stay: by_frame(marks, through, 0.0),
                end: by_frame(marks, stop_codon, stop),
                shift: by_frame(marks, shift_at_stop, shift),
            }),
            begin: Box::new(std::array::from_fn(begin)),
            other: -other,
        }
    }

    /// The scores for the plus and the minus strand at a border.
    pub(super) fn at(&self, marks: Marks) -> [AtBorder<'_>; 2] {
        let of_strand = |stop: u8, start: u8, other_start: u8| {
            let [stop, start, other_start] = [stop, start, other_start].map(|marks| usize::from(marks) % SETS);
            AtBorder { begin: &self.begin[start + SETS * other_start], stops: &self.stops[stop] }
        };
        let Marks { stop, start, other_start } = marks;
        [of_strand(stop, start, other_start), of_strand(stop >> 3, start >> 3, other_start >> 3)]
    }

    /// The score of a transition between two states.
    pub(super) fn between(&self, from: u8, to: u8, marks: Marks) -> f64 {
        let [plus, minus] = self.at(marks);
        let (from, to) = (usize::from(from), usize::from(to));
        match (from, to) {
            (0, 0) => 0.0,
            (0, 1..4) => plus.begin[to - 1],
            (0, _) => minus.stops.end[to - 4],
            (1..4, 0) => plus.stops.end[from - 1],
            (_, 0) => minus.begin[from - 4],
            (1..4, _) if from == to => plus.stops.stay[to - 1],
            (1..4, 1..4) => plus.stops.shift[from - 1],
            (4.., _) if from == to => minus.stops.stay[to - 4],
            (4.., 4..) => minus.stops.shift[to - 4],
            _ => self.other,
        }
    }
}
