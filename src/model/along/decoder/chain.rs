//! The hidden Markov model over {none, six frames}: finds the best path at any prior, and the prior at which it
//! changes. Pure.
//!
//! Its costs are the same for a read and its reverse complement: from left to right, a gene on the minus strand is
//! entered at its end. So only a few kinds of the 49 transitions differ, and a step takes some thirty operations.

use std::ops::Range;

use super::codons::Marks;
use super::line::Line;
use super::settings::DecoderSettings;
use super::steps::Steps;

/// The number of states: none, plus 0 1 2, minus 0 1 2.
pub(super) const STATES: usize = 7;

/// The costs of transitions and positions, as log scores.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    /// The weight of a position's logits: neighbours share most of what they see.
    weight: f64,
    /// The log odds of coding that calls assume.
    prior: f64,
    steps: Steps,
    /// Whether a change of the frame at a stop codon separates two genes instead of being a frameshift.
    parts_at_stops: bool,
}

/// A path that was in [`Memory`], and its frame: that of most positions, or the one with more evidence if two have as
/// many.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Call {
    line: Line,
    frame: usize,
}

impl Call {
    /// Whether more than half of the positions are none.
    pub(super) fn is_mostly_none(&self, positions: usize) -> bool {
        self.line.is_mostly_none(positions)
    }

    /// Returns this path with the frame of another call of as many positions, if that has one.
    pub(super) fn in_frame_of(self, other: Self, positions: usize) -> Self {
        if other.line.none < positions { Self { frame: other.frame, ..self } } else { self }
    }
}

/// Working memory, reused from read to read.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// The codons at the borders between positions, to be set first.
    pub(super) marks: Vec<Marks>,
    back: Vec<[u8; STATES]>,
    /// The state of each position, after [`Chain::call`] or any other search.
    pub(super) path: Vec<u8>,
}

impl Chain {
    pub(super) fn new(settings: &DecoderSettings) -> Self {
        let DecoderSettings { weight, prior, shift, shift_at_stop, .. } = *settings;
        Self { weight, prior: weight * prior, steps: Steps::new(settings), parts_at_stops: shift_at_stop < shift }
    }

    /// Creates a model without frameshifts, except at the stop codon that ends a gene.
    pub(super) fn without_shifts(settings: &DecoderSettings) -> Self {
        Self::new(&DecoderSettings { shift: f64::INFINITY, ..*settings })
    }

    /// Finds the best path at the settings' prior, which is the call. Of equally good states, the lowest is chosen.
    pub(super) fn call(&self, logits: &[[f32; STATES]], memory: &mut Memory) -> Call {
        self.best(self.prior, logits, memory)
    }

    /// The gain from frameshifts per coding position of a call: by how much it scores higher than the best path without
    /// them, which `unshifted` finds.
    #[expect(clippy::cast_precision_loss, reason = "no read has 2^52 positions")]
    pub(super) fn gain(&self, call: Call, unshifted: &Self, logits: &[[f32; STATES]], memory: &Memory) -> f64 {
        // With fewer positions, a single spurious shift would count for too much.
        const FEWEST: usize = 20;
        let coding = (logits.len() - call.line.none).max(FEWEST);
        let without = unshifted.line(self.prior, logits, &memory.marks);
        (call.line.at(self.prior) - without.at(self.prior)) / coding as f64
    }

    /// The evidence of a read for coding, as log odds, and its frame, given its call.
    ///
    /// As the prior log odds of coding rise, more and more positions of the best path are coding. At some odds it turns
    /// from mostly none to mostly coding; the evidence of the read is the opposite of these odds. So at any prior, a
    /// read is more likely coding than not if at least half of it is called coding there. The frame is that of the
    /// call, or if the call is mostly none, that of the best path that is coding throughout.
    ///
    /// The score of a path is a line over the prior, and the best score is the upper hull of these lines. The search
    /// keeps one line on either side of the turn. Where they meet, either no path is better, and this is the turn, or
    /// the best path there replaces one of the two.
    pub(super) fn break_even(&self, call: Call, logits: &[[f32; STATES]], memory: &mut Memory) -> (f64, usize) {
        let (before, after, frame) = if call.is_mostly_none(logits.len()) {
            let coding = self.best(f64::INFINITY, logits, memory);
            (call.line, coding.line, coding.frame)
        } else {
            let score = logits.iter().map(|logits| self.score(logits)[0]).sum();
            (Line { score, none: logits.len() }, call.line, call.frame)
        };
        (-self.meeting(before, after, logits, memory) / self.weight, frame)
    }

    /// Leaves the path of a read with this evidence at its turn in memory: as the prior rises, the first best path of
    /// which no more than half is none.
    pub(super) fn turn(&self, log_odds: f64, logits: &[[f32; STATES]], memory: &mut Memory) {
        // Exactly at the turn, the path before it scores the same.
        const BEYOND: f64 = 1e-6;
        let turn = -log_odds * self.weight;
        self.best(turn + BEYOND * (1.0 + turn.abs()), logits, memory);
    }

    /// The log odds of coding, times the weight, at which the best path turns from one that is mostly none, like
    /// `before`, into one that is not, like `after`.
    fn meeting(&self, mut before: Line, mut after: Line, logits: &[[f32; STATES]], memory: &Memory) -> f64 {
        loop {
            let meet = after.meets(&before);
            let best = self.line(meet, logits, &memory.marks);
            if !(after.none + 1..before.none).contains(&best.none) {
                return meet;
            }
            *(if best.is_mostly_none(logits.len()) { &mut before } else { &mut after }) = best;
        }
    }

    /// Whether the runs on both sides of a border of the path in memory, on one strand, are two genes.
    pub(super) fn parts(&self, border: usize, memory: &Memory) -> bool {
        let Memory { marks, path, .. } = memory;
        self.parts_at_stops && marks[border - 1].end_a_gene(path[border - 1], path[border])
    }

    /// The evidence for coding in the positions of a gene on the path, as log odds: at the opposite prior, the path
    /// scores the same with the gene and with none in its place.
    #[expect(clippy::cast_precision_loss, reason = "no read has 2^52 positions")]
    pub(super) fn evidence(&self, gene: Range<usize>, logits: &[[f32; STATES]], memory: &Memory) -> f64 {
        let Memory { marks, path, .. } = memory;
        let own: f64 = gene.clone().map(|t| self.score(&logits[t])[usize::from(path[t])]).sum();
        let none: f64 = gene.clone().map(|t| self.score(&logits[t])[0]).sum();
        let inside = |t: usize| if gene.contains(&t) { 0 } else { path[t] };
        let borders = gene.start.max(1)..path.len().min(gene.end + 1);
        let steps = borders.map(|t| {
            let marks = marks[t - 1];
            self.steps.between(path[t - 1], path[t], marks) - self.steps.between(inside(t - 1), inside(t), marks)
        });
        (own - none + steps.sum::<f64>()) / (self.weight * gene.len() as f64)
    }

    /// Finds the best path at a prior, given as log odds times the weight.
    fn best(&self, prior: f64, logits: &[[f32; STATES]], memory: &mut Memory) -> Call {
        let Memory { marks, back, path, .. } = memory;
        debug_assert_eq!(marks.len() + 1, logits.len().max(1));
        back.clear();
        path.clear();
        let Some((first, rest)) = logits.split_first() else {
            return Call { line: Line { score: 0.0, none: 0 }, frame: 0 };
        };
        back.reserve_exact(rest.len());
        path.reserve_exact(logits.len());
        let mut best = self.score_at(prior, first);
        for (logits, &marks) in rest.iter().zip(marks.iter()) {
            let reached = self.step(std::array::from_fn(|state| (best[state], STATE[state])), marks);
            back.push(reached.map(|(_, from)| from));
            let own = self.score_at(prior, logits);
            best = std::array::from_fn(|state| reached[state].0 + own[state]);
        }
        let (score, mut state) = highest(std::array::from_fn::<_, STATES, _>(|state| (best[state], STATE[state])));
        path.push(state);
        for from in back.iter().rev() {
            state = from[usize::from(state)];
            path.push(state);
        }
        path.reverse();
        let (none, frame) = counted(logits, path);
        Call { line: Line::of(score, none, prior), frame }
    }

    /// The line of the best path at a prior, without the path itself.
    fn line(&self, prior: f64, logits: &[[f32; STATES]], marks: &[Marks]) -> Line {
        let Some((first, rest)) = logits.split_first() else { return Line { score: 0.0, none: 0 } };
        // With each score goes the number of positions that have been none so far.
        let mut best = self.score_at(prior, first).map(|score| (score, 0_u32));
        best[0].1 = 1;
        for (logits, &marks) in rest.iter().zip(marks) {
            best = self.step(best, marks);
            best[0].1 += 1;
            for (best, own) in best.iter_mut().zip(self.score_at(prior, logits)) {
                best.0 += own;
            }
        }
        let (score, none) = highest(best);
        Line::of(score, none as usize, prior)
    }

    /// Log likelihoods, up to a constant that is the same for all states.
    fn score(&self, logits: &[f32; STATES]) -> [f64; STATES] {
        logits.map(|logit| self.weight * f64::from(logit))
    }

    /// Log likelihoods at a prior, given as log odds times the weight.
    fn score_at(&self, prior: f64, logits: &[f32; STATES]) -> [f64; STATES] {
        let mut scores = self.score(logits);
        scores[0] -= prior;
        scores
    }

    /// The best score with which each state is reached, and the value `T` that comes along from the previous state. Of
    /// equally good previous states, the lowest is chosen.
    fn step<T: Copy>(&self, from: [(f64, T); STATES], marks: Marks) -> [(f64, T); STATES] {
        let [plus, minus] = self.steps.at(marks);
        let add = |(score, along): (f64, T), more: f64| (score + more, along);
        let [none, p1, p2, p3, m1, m2, m3] = from;
        // From left to right, a gene on the minus strand is left at its start and entered at its end.
        let ([p_end, m_begin], [p_shift, m_shift]) =
            ([&plus.stops.end, minus.begin], [&plus.stops.shift, &minus.stops.shift]);
        let to_none = highest([
            none,
            add(p1, p_end[0]),
            add(p2, p_end[1]),
            add(p3, p_end[2]),
            add(m1, m_begin[0]),
            add(m2, m_begin[1]),
            add(m3, m_begin[2]),
        ]);
        let across = [highest([m1, m2, m3]), highest([p1, p2, p3])].map(|best| add(best, self.steps.other));
        let (p_stay, m_stay) = (&plus.stops.stay, &minus.stops.stay);
        // For each state, the transitions from it and from the two others of its strand, in order.
        let near = [
            [add(p1, p_stay[0]), add(p2, p_shift[1]), add(p3, p_shift[2])],
            [add(p1, p_shift[0]), add(p2, p_stay[1]), add(p3, p_shift[2])],
            [add(p1, p_shift[0]), add(p2, p_shift[1]), add(p3, p_stay[2])],
            [add(m1, m_stay[0]), add(m2, m_shift[0]), add(m3, m_shift[0])],
            [add(m1, m_shift[1]), add(m2, m_stay[1]), add(m3, m_shift[1])],
            [add(m1, m_shift[2]), add(m2, m_shift[2]), add(m3, m_stay[2])],
        ]
        .map(highest);
        std::array::from_fn(|state| match state {
            0 => to_none,
            1..4 => highest([add(none, plus.begin[state - 1]), near[state - 1], across[0]]),
            _ => highest([add(none, minus.stops.end[state - 4]), across[1], near[state - 1]]),
        })
    }
}

/// The numbers of the states.
const STATE: [u8; STATES] = [0, 1, 2, 3, 4, 5, 6];

/// The first candidate with the highest score.
fn highest<T: Copy, const N: usize>(candidates: [(f64, T); N]) -> (f64, T) {
    let mut best = candidates[0];
    for other in &candidates[1..] {
        if other.0 > best.0 {
            best = *other;
        }
    }
    best
}

/// Counts the positions of a path that are none, and finds the frame of most others.
fn counted(logits: &[[f32; STATES]], path: &[u8]) -> (usize, usize) {
    let mut counts = [(0_usize, 0.0_f64); STATES];
    for (logits, &state) in logits.iter().zip(path) {
        let (count, evidence) = &mut counts[usize::from(state)];
        *count += 1;
        *evidence += f64::from(logits[usize::from(state)] - logits[0]);
    }
    let frames = &counts[1..];
    let most = (0..STATES - 1).reduce(|best, other| if frames[other] > frames[best] { other } else { best });
    (counts[0].0, most.expect("there are six"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SETTINGS: DecoderSettings = DecoderSettings {
        weight: 0.656,
        start: 1.631,
        start_codon: 0.1,
        other_start_codon: 0.7,
        stop: 1.843,
        stop_codon: 0.35,
        through: 2.121,
        shift: 0.828,
        shift_at_stop: 0.45,
        other: 1.472,
        prior: 2.2,
    };

    fn cost(from: usize, to: usize, marks: Marks) -> f64 {
        let has = |marks: u8, state: usize| marks >> (state - 1) & 1 == 1;
        let if_stops =
            |state: usize, at_stop: f64, elsewhere: f64| if has(marks.stop, state) { at_stop } else { elsewhere };
        match (from, to) {
            (0, 0) => 0.0,
            _ if from == to => if_stops(to, SETTINGS.through, 0.0),
            (0, 1..4) | (4.., 0) if has(marks.start, from + to) => SETTINGS.start_codon,
            (0, 1..4) | (4.., 0) if has(marks.other_start, from + to) => SETTINGS.other_start_codon,
            (0, 1..4) | (4.., 0) => SETTINGS.start,
            (1..4, 0) | (0, 4..) => if_stops(from + to, SETTINGS.stop_codon, SETTINGS.stop),
            (1..4, 1..4) => if_stops(from, SETTINGS.shift_at_stop, SETTINGS.shift),
            (4.., 4..) => if_stops(to, SETTINGS.shift_at_stop, SETTINGS.shift),
            _ => SETTINGS.other,
        }
    }

    fn steps_of(path: &[usize], marks: &[Marks]) -> f64 {
        path.windows(2).zip(marks).map(|(step, &marks)| cost(step[0], step[1], marks)).sum()
    }

    /// The score of a path, given log odds of coding.
    fn score_of(path: &[usize], prior: f64, logits: &[[f32; STATES]], marks: &[Marks]) -> f64 {
        let chain = Chain::new(&SETTINGS);
        let none: f64 = path.iter().map(|&state| f64::from(u8::from(state == 0))).sum();
        let own: f64 = path.iter().zip(logits).map(|(&state, logits)| chain.score(logits)[state]).sum();
        own - steps_of(path, marks) - SETTINGS.weight * prior * none
    }

    /// All 7^positions paths.
    fn all_paths(positions: usize) -> impl Iterator<Item = Vec<usize>> {
        let positions = u32::try_from(positions).unwrap();
        (0..7_usize.pow(positions)).map(move |number| (0..positions).map(|t| number / 7_usize.pow(t) % 7).collect())
    }

    /// The best score of any path, given log odds of coding, with each of the 49 steps tried.
    fn best_score(prior: f64, logits: &[[f32; STATES]], marks: &[Marks]) -> f64 {
        let chain = Chain::new(&SETTINGS);
        let own = |logits: &[f32; STATES]| {
            let mut scores = chain.score(logits);
            scores[0] -= SETTINGS.weight * prior;
            scores
        };
        let mut best = own(&logits[0]);
        for (logits, &marks) in logits[1..].iter().zip(marks) {
            let reached = |to: usize| {
                (0..STATES).map(|from| best[from] - cost(from, to, marks)).fold(f64::NEG_INFINITY, f64::max)
            };
            let own = own(logits);
            best = std::array::from_fn(|to| reached(to) + own[to]);
        }
        best.into_iter().fold(f64::NEG_INFINITY, f64::max)
    }

    fn states(path: &[u8]) -> Vec<usize> {
        path.iter().map(|&state| state.into()).collect()
    }

    fn mirrored(logits: &[[f32; STATES]]) -> Vec<[f32; STATES]> {
        logits.iter().rev().map(|l| [l[0], l[4], l[5], l[6], l[1], l[2], l[3]]).collect()
    }

    /// The marks of the reverse complement.
    fn turned(marks: &[Marks]) -> Vec<Marks> {
        let other = |bits: u8| bits >> 3 | (bits & 7) << 3;
        let turned = |marks: &Marks| Marks {
            stop: other(marks.stop),
            start: other(marks.start),
            other_start: other(marks.other_start),
        };
        marks.iter().rev().map(turned).collect()
    }

    /// Logits, and working memory that holds random marks.
    fn read(positions: std::ops::Range<usize>) -> impl Strategy<Value = (Vec<[f32; STATES]>, Memory)> {
        let marks =
            (0..64_u8, 0..64_u8, 0..64_u8).prop_map(|(stop, start, other_start)| Marks { stop, start, other_start });
        prop::collection::vec((prop::array::uniform7(-6.0_f32..6.0), marks), positions).prop_map(|both| {
            let (logits, mut marks): (Vec<_>, Vec<_>) = both.into_iter().unzip();
            marks.pop();
            (logits, Memory { marks, ..Memory::default() })
        })
    }

    #[test]
    fn a_long_read_is_as_its_parts() {
        // Runs of a hundred positions, half of them of genes: the call turns where both kinds of runs are worth the
        // same.
        let logits: Vec<_> = (0..50_000_u32)
            .map(|t| [if t % 200 < 100 { 3.0 } else { -3.0 }, 0.0, -9.0, -9.0, -9.0, -9.0, -9.0])
            .collect();
        let mut memory = Memory { marks: vec![Marks::default(); 49_999], ..Memory::default() };
        let chain = Chain::new(&SETTINGS);
        let call = chain.call(&logits, &mut memory);
        let (log_odds, frame) = chain.break_even(call, &logits, &mut memory);
        assert!((-3.0..=3.0).contains(&log_odds) && frame == 0, "{log_odds} {frame}");
    }

    #[test]
    fn what_says_the_same_everywhere_turns_where_it_says_so() {
        for (frame, odds) in [(0, 2.5_f32), (4, -1.25)] {
            let logits = vec![
                std::array::from_fn(|s| if s == frame + 1 {
                    odds
                } else if s == 0 {
                    0.0
                } else {
                    -9.0
                });
                17
            ];
            let mut memory = Memory { marks: vec![Marks::default(); 16], ..Memory::default() };
            let chain = Chain::new(&SETTINGS);
            let call = chain.call(&logits, &mut memory);
            let (log_odds, found) = chain.break_even(call, &logits, &mut memory);
            assert!((log_odds - f64::from(odds)).abs() < 1e-9 && found == frame, "{log_odds} {found}");
        }
    }

    proptest! {
        #[test]
        fn the_call_is_the_best_path((logits, mut memory) in read(1..40)) {
            Chain::new(&SETTINGS).call(&logits, &mut memory);
            let own = score_of(&states(&memory.path), SETTINGS.prior, &logits, &memory.marks);
            prop_assert!((own - best_score(SETTINGS.prior, &logits, &memory.marks)).abs() < 1e-9);
        }

        #[test]
        fn a_read_breaks_even_where_its_best_path_turns((logits, mut memory) in read(1..6)) {
            let chain = Chain::new(&SETTINGS);
            let call = chain.call(&logits, &mut memory);
            let (log_odds, frame) = chain.break_even(call, &logits, &mut memory);
            // At the break-even prior, the best paths of both kinds score the same; a little beside it, only the better
            // one wins.
            let best_of = |prior: f64, mostly_none: bool| {
                all_paths(logits.len())
                    .filter(|path| (2 * path.iter().filter(|&&s| s == 0).count() > path.len()) == mostly_none)
                    .map(|path| score_of(&path, prior, &logits, &memory.marks))
                    .fold(f64::NEG_INFINITY, f64::max)
            };
            let ahead = |prior| best_of(prior, false) - best_of(prior, true);
            prop_assert!(ahead(-log_odds).abs() < 1e-9, "{log_odds}: {}", ahead(-log_odds));
            prop_assert!(ahead(1e-3 - log_odds) > 0.0 && ahead(-1e-3 - log_odds) < 0.0);
            prop_assert!(frame < 6);
        }

        #[test]
        fn a_gene_alone_in_a_read_says_what_the_read_says(
            (logits, mut memory) in read(2..60),
            state in 1_usize..7,
        ) {
            // The logits favour one state so strongly that the best path stays in one frame.
            let logits: Vec<[f32; STATES]> = logits
                .iter()
                .map(|row| std::array::from_fn(|s| row[s] / 60.0 + if s == state { 30.0 } else { 0.0 }))
                .collect();
            memory.marks.fill(Marks::default());
            let chain = Chain::new(&SETTINGS);
            let call = chain.call(&logits, &mut memory);
            prop_assert_eq!(states(&memory.path), vec![state; logits.len()]);
            let gene = chain.evidence(0..logits.len(), &logits, &memory);
            let positions: f64 = logits.iter().map(|_| 1.0).sum();
            let mean = logits.iter().map(|row| f64::from(row[state] - row[0])).sum::<f64>() / positions;
            prop_assert!((gene - mean).abs() < 1e-5, "{} {}", gene, mean);
            prop_assert!((chain.break_even(call, &logits, &mut memory).0 - gene).abs() < 0.5);
        }

        #[test]
        fn at_the_prior_opposite_to_a_genes_evidence_nothing_in_its_place_scores_the_same((logits, mut memory) in read(3..40)) {
            let chain = Chain::new(&SETTINGS);
            chain.call(&logits, &mut memory);
            let path = states(&memory.path);
            let Some(start) = path.iter().position(|&state| state > 0) else { return Ok(()) };
            let strand = |state: usize| state.div_ceil(3);
            let end = path[start..].iter().position(|&s| strand(s) != strand(path[start])).map_or(path.len(), |n| start + n);
            let evidence = chain.evidence(start..end, &logits, &memory);
            let mut without = path.clone();
            without[start..end].fill(0);
            let [own, other] = [&path, &without].map(|path| score_of(path, -evidence, &logits, &memory.marks));
            prop_assert!((own - other).abs() < 1e-9, "{own} {other}");
            prop_assert!(evidence >= -SETTINGS.prior - 1e-9, "the call would do without it");
        }

        #[test]
        fn the_other_strand_says_the_same((logits, mut memory) in read(1..60)) {
            let (chain, back) = (Chain::new(&SETTINGS), mirrored(&logits));
            let mut other = Memory { marks: turned(&memory.marks), ..Memory::default() };
            let (call, mirror) = (chain.call(&logits, &mut memory), chain.call(&back, &mut other));
            let turned: Vec<usize> = other.path.iter().rev().map(|&s| if s == 0 { 0 } else { usize::from((s + 2) % 6 + 1) }).collect();
            let own = score_of(&turned, SETTINGS.prior, &logits, &memory.marks);
            prop_assert!((own - best_score(SETTINGS.prior, &logits, &memory.marks)).abs() < 1e-9);
            let (one, frame) = chain.break_even(call, &logits, &mut memory);
            let (two, turned) = chain.break_even(mirror, &back, &mut other);
            prop_assert!((one - two).abs() < 1e-9);
            prop_assert_eq!(frame, (turned + 3) % 6);
        }
    }
}
