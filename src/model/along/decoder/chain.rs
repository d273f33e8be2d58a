//! The hidden Markov model over {none, six frames}: how likely each state is at each position, and the best path. Pure.
//!
//! Its costs are the same for a read and its reverse complement: a gene of the minus strand is entered, from left to right, at
//! its end. So of the 49 transitions only a few kinds differ, and a step takes some thirty operations.

use std::ops::Range;

use super::codons::Marks;
use super::settings::DecoderSettings;

/// None, plus 0 1 2, minus 0 1 2.
pub(super) const STATES: usize = 7;
/// A position's numbers, padded to what a register holds.
const LANES: usize = 8;
/// Sums are scaled back this often: costs are at most [`DecoderSettings::MOST`], so they stay far from underflow meanwhile.
const SCALED_EVERY: usize = 8;

/// One number for each state.
type Row = [f64; LANES];

/// The costs of a step, as factors and as logarithms.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    /// Of a position's logits: neighbours share most of what they see.
    weight: f64,
    /// What the usual share of coding positions adds to the score of none.
    prior: f64,
    scores: Steps,
    factors: Steps,
}

/// What a step costs, by the codons at its border.
#[derive(Clone, Debug)]
struct Steps {
    /// To remain in each state, by the frames that have a stop codon.
    stay: Box<[Row; MARKS]>,
    /// From none to each state, from left to right, by the frames that have a start codon.
    enter: Box<[Row; MARKS]>,
    /// From each state to none.
    leave: Box<[Row; MARKS]>,
    shift: f64,
    other: f64,
}

/// Sets of frames.
const MARKS: usize = 1 << (STATES - 1);

impl Steps {
    /// What it is to remain, to enter and to leave at a border.
    fn at(&self, marks: Marks) -> (&Row, &Row, &Row) {
        let (stop, start) = (usize::from(marks.stop) % MARKS, usize::from(marks.start) % MARKS);
        (&self.stay[stop], &self.enter[start], &self.leave[start])
    }

    /// `of` turns a cost into what is kept of it.
    fn new(settings: &DecoderSettings, of: impl Fn(f64) -> f64) -> Self {
        let DecoderSettings { start, start_codon, stop, through, shift, other, .. } = *settings;
        let by_mark = |cost: &dyn Fn(usize, bool) -> f64| {
            Box::new(std::array::from_fn(|marks| {
                std::array::from_fn(|state| match state {
                    1..STATES => of(cost(state, marks >> (state - 1) & 1 == 1)),
                    _ => of(0.0),
                })
            }))
        };
        let starts = |marked: bool| if marked { start_codon } else { start };
        Self {
            stay: by_mark(&|_, marked| if marked { through } else { 0.0 }),
            enter: by_mark(&|state, marked| if state < 4 { starts(marked) } else { stop }),
            leave: by_mark(&|state, marked| if state < 4 { stop } else { starts(marked) }),
            shift: of(shift),
            other: of(other),
        }
    }
}

/// What the sums say of a read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sums {
    /// How many positions are not coding, as expected.
    pub(super) none: f64,
    /// How many are coding in each frame.
    pub(super) frames: [f64; STATES - 1],
}

/// Working memory, kept from read to read.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// The codons between the positions, one fewer than these: to be set first.
    pub(super) marks: Vec<Marks>,
    emissions: Vec<Row>,
    forward: Vec<Row>,
    back: Vec<[u8; STATES]>,
    /// How likely each position is not coding, after [`Chain::sums`].
    pub(super) none: Vec<f64>,
    /// The state of each position, after [`Chain::path`].
    pub(super) path: Vec<u8>,
}

impl Chain {
    pub(super) fn new(settings: &DecoderSettings) -> Self {
        let DecoderSettings { weight, prior, .. } = *settings;
        let (scores, factors) = (Steps::new(settings, |cost| -cost), Steps::new(settings, |cost| (-cost).exp()));
        Self { weight, prior: weight * prior, scores, factors }
    }

    /// Forward and backward sums over all paths, at as many coding positions as others.
    pub(super) fn sums(&self, logits: &[[f32; STATES]], memory: &mut Memory) -> Sums {
        /// A read of half a megabase is one block. Each position of a block takes 128 bytes.
        const BLOCK: usize = 1 << 16;
        self.sums_by(BLOCK, logits, memory)
    }

    /// The same with the forward sums of so many positions in memory at once: those of longer reads are computed twice.
    fn sums_by(&self, block: usize, logits: &[[f32; STATES]], memory: &mut Memory) -> Sums {
        let Memory { marks, emissions, forward, none, .. } = memory;
        debug_assert_eq!(marks.len() + 1, logits.len().max(1));
        none.clear();
        none.resize(logits.len(), 0.0);
        let starts: Vec<usize> = (0..logits.len()).step_by(block).collect();
        let mut rows = vec![[1.0; LANES]];
        for &start in &starts {
            self.forward(
                logits,
                start..logits.len().min(start.saturating_add(block)),
                rows[rows.len() - 1],
                marks,
                emissions,
                forward,
            );
            rows.extend(forward.last());
        }
        let mut sums = [0.0; LANES];
        let mut behind = [1.0; LANES];
        for (&start, before) in starts.iter().zip(rows).rev() {
            let end = logits.len().min(start.saturating_add(block));
            if end < logits.len() {
                self.forward(logits, start..end, before, marks, emissions, forward);
            }
            for (t, none) in none.iter_mut().enumerate().take(end).skip(start).rev() {
                let both = product(&forward[t - start], &behind);
                let scale = 1.0 / both[..STATES].iter().sum::<f64>();
                *none = both[0] * scale;
                for (sum, both) in sums.iter_mut().zip(both) {
                    *sum += both * scale;
                }
                if t == 0 {
                    break;
                }
                let (stay, enter, leave) = self.factors.at(marks[t - 1]);
                behind = self.step(&product(&emissions[t - start], &behind), stay, leave, enter);
                if t % SCALED_EVERY == 0 {
                    behind = scaled(&behind);
                }
            }
        }
        Sums { none: sums[0], frames: std::array::from_fn(|frame| sums[frame + 1]) }
    }

    /// The likelihoods and forward sums of some positions, given the sums of the one before.
    fn forward(
        &self,
        logits: &[[f32; STATES]],
        positions: Range<usize>,
        mut row: Row,
        marks: &[Marks],
        emissions: &mut Vec<Row>,
        forward: &mut Vec<Row>,
    ) {
        emissions.clear();
        emissions.extend(logits[positions.clone()].iter().map(|logits| self.emission(logits)));
        forward.clear();
        for (t, emission) in positions.zip(&*emissions) {
            if t > 0 {
                let (stay, enter, leave) = self.factors.at(marks[t - 1]);
                row = self.step(&row, stay, enter, leave);
            }
            row = product(&row, emission);
            if t % SCALED_EVERY == 0 {
                row = scaled(&row);
            }
            forward.push(row);
        }
    }

    /// Sums over all states to come from; backwards, `enter` and `leave` change places.
    fn step(&self, from: &Row, stay: &Row, enter: &Row, leave: &Row) -> Row {
        let Steps { shift, other, .. } = self.factors;
        let left = product(from, leave);
        let (plus, minus) = (from[1] + from[2] + from[3], from[4] + from[5] + from[6]);
        let to_plus = plus * shift + minus * other;
        let to_minus = minus * shift + plus * other;
        let mut to: Row = std::array::from_fn(|state| {
            let others = if state < 4 { to_plus } else { to_minus };
            from[state] * (stay[state] - shift) + from[0] * enter[state] + others
        });
        to[0] = left[..STATES].iter().sum();
        to[STATES] = 0.0;
        to
    }

    /// Likelihoods up to a factor that is the same for all states.
    #[expect(clippy::cast_possible_truncation, reason = "f32 is what exponential() is made for")]
    fn emission(&self, logits: &[f32; STATES]) -> Row {
        let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut below = [0.0_f32; LANES];
        for (below, logit) in below.iter_mut().zip(logits) {
            *below = self.weight as f32 * (logit - highest);
        }
        exponential(below).map(f64::from)
    }

    /// The best path, at the settings' prior. Of equally good states the lowest.
    pub(super) fn path(&self, logits: &[[f32; STATES]], memory: &mut Memory) {
        let Memory { marks, back, path, .. } = memory;
        back.clear();
        path.clear();
        let Some((first, rest)) = logits.split_first() else { return };
        back.reserve_exact(rest.len());
        path.reserve_exact(logits.len());
        let mut best = self.score(first);
        for (logits, &marks) in rest.iter().zip(marks.iter()) {
            let (mut reached, from) = self.best_step(&best, marks);
            for (reached, score) in reached.iter_mut().zip(self.score(logits)) {
                *reached += score;
            }
            best = reached;
            back.push(from);
        }
        let (mut state, _) = first_highest(numbered(&best));
        path.push(state);
        for from in back.iter().rev() {
            state = from[usize::from(state)];
            path.push(state);
        }
        path.reverse();
    }

    /// Log likelihoods up to a summand that is the same for all states.
    fn score(&self, logits: &[f32; STATES]) -> [f64; STATES] {
        let mut scores = logits.map(|logit| self.weight * f64::from(logit));
        scores[0] -= self.prior;
        scores
    }

    /// The best score by which each state is reached, and the state it comes from.
    fn best_step(&self, best: &[f64; STATES], marks: Marks) -> ([f64; STATES], [u8; STATES]) {
        let Steps { shift, other, .. } = self.scores;
        let (stay, enter, leave) = self.scores.at(marks);
        let from = numbered(best);
        let mut reached =
            [first_highest(std::array::from_fn::<_, STATES, _>(|s| (from[s].0, from[s].1 + leave[s]))); STATES];
        for (strand, opposite) in [([1, 2, 3], [4, 5, 6]), ([4, 5, 6], [1, 2, 3])] {
            let across = first_highest(opposite.map(|s| from[s]));
            for own in strand {
                let near = strand.map(|s| (from[s].0, from[s].1 + if s == own { stay[s] } else { shift }));
                let (none, near) = ((0, best[0] + enter[own]), first_highest(near));
                let across = (across.0, across.1 + other);
                reached[own] = first_highest(if own < 4 { [none, near, across] } else { [none, across, near] });
            }
        }
        (reached.map(|(_, score)| score), reached.map(|(state, _)| state))
    }
}

/// Each score with its state.
fn numbered(scores: &[f64; STATES]) -> [(u8, f64); STATES] {
    [0, 1, 2, 3, 4, 5, 6].map(|state| (state, scores[usize::from(state)]))
}

/// The first candidate with the highest score.
fn first_highest<const N: usize>(candidates: [(u8, f64); N]) -> (u8, f64) {
    candidates.into_iter().reduce(|best, other| if other.1 > best.1 { other } else { best }).expect("there are some")
}

fn product(one: &Row, other: &Row) -> Row {
    std::array::from_fn(|state| one[state] * other[state])
}

/// The same with a sum of one.
fn scaled(row: &Row) -> Row {
    let scale = 1.0 / row[..STATES].iter().sum::<f64>();
    row.map(|number| number * scale)
}

/// Powers of e of numbers that are not positive, within 2e-7 of them.
///
/// Written so that the compiler makes eight at once: a call of the library for each would cost as much as the rest.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "exponents from 1 to 127")]
fn exponential(x: [f32; LANES]) -> [f32; LANES] {
    /// Adding it leaves no bit for what is behind the point.
    const ROUNDS: f32 = 12_582_912.0;
    x.map(|x| {
        let x = x.max(-87.0);
        let whole = (x * std::f32::consts::LOG2_E + ROUNDS) - ROUNDS;
        // ln 2 in two parts, the first one with few bits: the product is exact.
        let rest = (x - whole * 0.693_359_4) - whole * -2.121_944_4e-4;
        let coefficients = [0.001_398_2, 0.008_333_452, 0.041_665_795, 0.166_666_65, 0.5];
        let power = coefficients.iter().fold(1.987_569_1e-4, |sum, coefficient| sum * rest + coefficient);
        let power = power * (rest * rest) + rest + 1.0;
        power * f32::from_bits(((whole as i32 + 127) as u32) << 23)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SETTINGS: DecoderSettings = DecoderSettings {
        weight: 0.656,
        start: 0.631,
        start_codon: 0.1,
        stop: 0.843,
        through: 2.121,
        shift: 0.828,
        other: 1.472,
        prior: 2.2,
    };

    fn cost(from: usize, to: usize, marks: Marks) -> f64 {
        let DecoderSettings { start, start_codon, stop, through, shift, other, .. } = SETTINGS;
        let has = |marks: u8, state: usize| marks >> (state - 1) & 1 == 1;
        match (from, to) {
            (0, 0) => 0.0,
            _ if from == to => {
                if has(marks.stop, to) {
                    through
                } else {
                    0.0
                }
            }
            (0, 1..4) | (4.., 0) => {
                if has(marks.start, from + to) {
                    start_codon
                } else {
                    start
                }
            }
            (1..4, 0) | (0, 4..) => stop,
            (1..4, 1..4) | (4.., 4..) => shift,
            _ => other,
        }
    }

    /// The best sum of a path, each of the 49 steps looked at.
    fn best_sum(logits: &[[f32; STATES]], marks: &[Marks]) -> f64 {
        let chain = Chain::new(&SETTINGS);
        let mut best = chain.score(&logits[0]);
        for (logits, &marks) in logits[1..].iter().zip(marks) {
            let reached = |to: usize| {
                (0..STATES).map(|from| best[from] - cost(from, to, marks)).fold(f64::NEG_INFINITY, f64::max)
            };
            let own = chain.score(logits);
            best = std::array::from_fn(|to| reached(to) + own[to]);
        }
        best.into_iter().fold(f64::NEG_INFINITY, f64::max)
    }

    fn costs(path: &[usize], marks: &[Marks]) -> f64 {
        path.windows(2).zip(marks).map(|(step, &marks)| cost(step[0], step[1], marks)).sum()
    }

    fn sum_of(path: &[u8], logits: &[[f32; STATES]], marks: &[Marks]) -> f64 {
        let chain = Chain::new(&SETTINGS);
        let own: f64 = path.iter().zip(logits).map(|(&state, logits)| chain.score(logits)[usize::from(state)]).sum();
        own - costs(&path.iter().map(|&state| state.into()).collect::<Vec<_>>(), marks)
    }

    /// Posteriors by all paths: 7^positions of them.
    fn by_all_paths(logits: &[[f32; STATES]], marks: &[Marks]) -> Sums {
        let unbiased = Chain::new(&DecoderSettings { prior: 0.0, ..SETTINGS });
        let (mut sums, mut total) = ([0.0; STATES], 0.0);
        for number in 0..7_usize.pow(u32::try_from(logits.len()).unwrap()) {
            let path: Vec<usize> =
                (0..logits.len()).map(|t| number / 7_usize.pow(u32::try_from(t).unwrap()) % 7).collect();
            let own: f64 = path.iter().zip(logits).map(|(&state, logits)| unbiased.score(logits)[state]).sum();
            let weight = (own - costs(&path, marks)).exp();
            for state in path {
                sums[state] += weight;
            }
            total += weight;
        }
        Sums { none: sums[0] / total, frames: std::array::from_fn(|frame| sums[frame + 1] / total) }
    }

    fn mirrored(logits: &[[f32; STATES]]) -> Vec<[f32; STATES]> {
        logits.iter().rev().map(|l| [l[0], l[4], l[5], l[6], l[1], l[2], l[3]]).collect()
    }

    /// The same of the reverse complement.
    fn turned(marks: &[Marks]) -> Vec<Marks> {
        let other = |bits: u8| bits >> 3 | (bits & 7) << 3;
        marks.iter().rev().map(|marks| Marks { stop: other(marks.stop), start: other(marks.start) }).collect()
    }

    /// Logits, and working memory with marks.
    fn read(positions: std::ops::Range<usize>) -> impl Strategy<Value = (Vec<[f32; STATES]>, Memory)> {
        let marks = (0..64_u8, 0..64_u8).prop_map(|(stop, start)| Marks { stop, start });
        prop::collection::vec((prop::array::uniform7(-6.0_f32..6.0), marks), positions).prop_map(|both| {
            let (logits, mut marks): (Vec<_>, Vec<_>) = both.into_iter().unzip();
            marks.pop();
            (logits, Memory { marks, ..Memory::default() })
        })
    }

    #[test]
    fn powers_of_e_are_as_the_librarys() {
        for n in 0..8000_u16 {
            let x = -f32::from(n) / 100.0;
            let (ours, theirs) = (f64::from(exponential([x; LANES])[0]), f64::from(x).exp());
            assert!((ours - theirs).abs() <= 2e-7 * theirs, "{x}: {ours} {theirs}");
        }
        assert!(exponential([-1e9; LANES])[0] < 1e-37);
    }

    #[test]
    fn a_long_read_neither_underflows_nor_overflows() {
        let logits: Vec<_> = (0..50_000_u32)
            .map(|t| [if t % 200 < 100 { 30.0 } else { -30.0 }, 0.0, -9.0, 9.0, 0.0, -3.0, 1.0])
            .collect();
        let marks = (0..49_999_u32).map(|t| Marks { stop: (t % 64).to_le_bytes()[0], start: 3 }).collect();
        let mut memory = Memory { marks, ..Memory::default() };
        let sums = Chain::new(&SETTINGS).sums(&logits, &mut memory);
        assert!((sums.none + sums.frames.iter().sum::<f64>() - 50_000.0).abs() < 1e-3, "{sums:?}");
        assert!((sums.none - 25_000.0).abs() < 1.0, "{sums:?}");
    }

    proptest! {
        #[test]
        fn the_path_is_the_best_one((logits, mut memory) in read(1..40)) {
            Chain::new(&SETTINGS).path(&logits, &mut memory);
            let Memory { path, marks, .. } = &memory;
            prop_assert!((sum_of(path, &logits, marks) - best_sum(&logits, marks)).abs() < 1e-9);
        }

        #[test]
        fn sums_are_those_over_all_paths((logits, mut memory) in read(1..5)) {
            let expected = by_all_paths(&logits, &memory.marks);
            let sums = Chain::new(&SETTINGS).sums(&logits, &mut memory);
            prop_assert!((sums.none - expected.none).abs() < 1e-5, "{sums:?} {expected:?}");
            for (one, other) in sums.frames.iter().zip(expected.frames) {
                prop_assert!((one - other).abs() < 1e-5, "{sums:?} {expected:?}");
            }
        }

        #[test]
        fn blocks_change_nothing((logits, mut memory) in read(1..60), block in 1_usize..70) {
            let chain = Chain::new(&SETTINGS);
            let whole = (chain.sums_by(usize::MAX, &logits, &mut memory), memory.none.clone());
            prop_assert_eq!(whole, (chain.sums_by(block, &logits, &mut memory), memory.none.clone()));
        }

        #[test]
        fn the_other_strand_says_the_same((logits, mut memory) in read(1..60)) {
            let (chain, back) = (Chain::new(&SETTINGS), mirrored(&logits));
            let mut other = Memory { marks: turned(&memory.marks), ..Memory::default() };
            let (sums, turned) = (chain.sums(&logits, &mut memory), chain.sums(&back, &mut other));
            prop_assert!((sums.none - turned.none).abs() < 1e-9);
            for frame in 0..6 {
                prop_assert!((sums.frames[frame] - turned.frames[(frame + 3) % 6]).abs() < 1e-9);
            }
            chain.path(&back, &mut other);
            let turned: Vec<u8> = other.path.iter().rev().map(|&s| if s == 0 { 0 } else { (s + 2) % 6 + 1 }).collect();
            let marks = &memory.marks;
            prop_assert!((sum_of(&turned, &logits, marks) - best_sum(&logits, marks)).abs() < 1e-9);
        }
    }
}
