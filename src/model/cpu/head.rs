//! The head of the compact network: from the features of the six frames of some reads to their logits.

use std::ops::Range;

use super::aligned::{Aligned, LINE};
use super::gemm::{Nothing, Packed, Product, Rows};
use super::lanes::{Lanes, Task};
use super::network::{Shape, one_over};
use super::table::FRAMES;

/// Frames of both strands.
pub(super) const ALL_FRAMES: usize = 2 * FRAMES;

/// How many reads the head takes at once: so few rows as one read has would wait for their weights.
pub(super) const READS_AT_ONCE: usize = 9; // a tile's rows with AVX-512

/// What the head computes of some reads: a row a frame of each, or fewer.
#[derive(Debug, Default)]
pub(super) struct Room {
    pub(super) features: Aligned,
    hidden: Aligned,
    /// Each strand's frames, and the first two again: so the three from any frame on lie behind one another.
    rings: Aligned,
    /// Of the other strand, for each strand.
    means: Aligned,
    largest: Aligned,
    from_largest: Aligned,
    from_strands: Aligned,
    mixed: Aligned,
    logits: Aligned,
    summary: Aligned,
    noncoding: Aligned,
    noncoding_logit: Aligned,
    pub(super) answers: [[f32; 1 + ALL_FRAMES]; READS_AT_ONCE],
}

/// Rows of a strand in [`Room::rings`].
const RING: usize = 2 * FRAMES - 1;

/// The weights as the kernels read them; rows and columns padded with zeros to whole cache lines.
#[derive(Debug)]
pub(super) struct Head {
    /// Numbers a frame's features have, padded.
    features: usize,
    hidden: usize,
    frame_hidden: Layer,
    /// The part that reads a frame and the others of its strand.
    frame_mix: Packed,
    /// The part that reads the opposite strand's mean.
    frame_mix_opposite: Packed,
    /// The part that reads the largest of all frames.
    frame_mix_largest: Layer,
    frame_logit: Layer,
    noncoding_hidden: Layer,
    noncoding_logit: Layer,
}

/// The way of some reads' features to their logits.
pub(super) struct Logits<'a> {
    pub(super) head: &'a Head,
    pub(super) room: &'a mut Room,
    pub(super) reads: usize,
}

/// The room must hold the features of so many reads.
impl Task for Logits<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        // SAFETY: the caller's CPU has the instructions; `Head::make_room` made room for as many reads.
        unsafe { self.head.forward::<L>(self.room, self.reads) }
    }
}

/// A linear layer.
#[derive(Debug)]
struct Layer {
    weights: Packed,
    bias: Aligned,
}

/// Packs `weight` [outputs, inputs]: `columns[k]` says which input the k-th row of ours is; none for padding.
fn pack(weight: &[f32], outputs: usize, columns: &[Option<usize>], packing: (usize, usize)) -> Packed {
    let inputs = weight.len() / outputs;
    Packed::new(columns.len(), outputs, packing, |k, output| {
        columns[k].map_or(0.0, |input| weight[output * inputs + input])
    })
}

impl Layer {
    fn new(weight: &[f32], bias: &[f32], columns: &[Option<usize>], packing: (usize, usize)) -> Self {
        let weights = pack(weight, bias.len(), columns, packing);
        Self { weights, bias: Aligned::padded(bias, bias.len().next_multiple_of(LINE)) }
    }

    /// `rows` rows of `from` through this layer.
    ///
    /// # Safety
    /// The CPU must have `L`'s instructions.
    #[inline(always)]
    unsafe fn forward<L: Lanes>(&self, from: &[f32], stride: usize, rows: usize, to: &mut [f32]) {
        let Self { weights, bias } = self;
        let product = Product { from, stride, rows, weights, start: bias, start_stride: 0 };
        // SAFETY: as for this function.
        unsafe { L::product(product, &mut Nothing, &mut Rows { to, stride: weights.columns() }) }
    }
}

/// The inputs of a layer that reads `parts` parts of `len` numbers, each padded to whole lines here.
fn padded_inputs(parts: &[usize]) -> Vec<Option<usize>> {
    let mut columns = Vec::new();
    let mut first = 0;
    for &len in parts {
        columns.extend((first..first + len).map(Some));
        columns.resize(columns.len().next_multiple_of(LINE), None);
        first += len;
    }
    columns
}

impl Head {
    pub(super) fn new<E>(
        shape: Shape,
        packing: (usize, usize),
        mut tensor: impl FnMut(&str, &[usize]) -> Result<Vec<f32>, E>,
    ) -> Result<Self, E> {
        let Shape { embedding: e, channels: c, levels, hidden: h, .. } = shape;
        let [embedding, channels, hidden] = [e, c, h].map(|n| n.next_multiple_of(LINE));
        let scale = tensor("embedding_norm.scale", &[e])?;
        let shift = tensor("embedding_norm.shift", &[e])?;
        let pooled = vec![c; 2 * (1 + levels)];
        let inputs = pooled.iter().sum::<usize>() + e;
        let mut frame_hidden = tensor("frame.hidden.weight", &[h, inputs])?;
        let mut frame_hidden_bias = tensor("frame.hidden.bias", &[h])?;
        for (row, bias) in frame_hidden.chunks_exact_mut(inputs).zip(&mut frame_hidden_bias) {
            for ((weight, scale), shift) in row[inputs - e..].iter_mut().zip(&scale).zip(&shift) {
                *bias += *weight * shift;
                *weight *= scale;
            }
        }
        let features = padded_inputs(&[pooled.as_slice(), &[e]].concat());
        let frame_mix = tensor("frame.mix.weight", &[h, 5 * h])?;
        let frame_mix_bias = tensor("frame.mix.bias", &[h])?;
        let mix = |parts: Range<usize>| {
            let columns = &padded_inputs(&[h; 5])[parts.start * hidden..parts.end * hidden];
            pack(&frame_mix, h, columns, packing)
        };
        let mut layer = |name: &str, outputs: usize, parts: &[usize]| {
            let weight = tensor(&format!("{name}.weight"), &[outputs, parts.iter().sum()])?;
            let bias = tensor(&format!("{name}.bias"), &[outputs])?;
            Ok(Layer::new(&weight, &bias, &padded_inputs(parts), packing))
        };
        Ok(Self {
            hidden,
            features: pooled.len() * channels + embedding,
            frame_hidden: Layer::new(&frame_hidden, &frame_hidden_bias, &features, packing),
            frame_mix: mix(0..3),
            frame_mix_opposite: mix(3..4),
            frame_mix_largest: Layer { weights: mix(4..5), bias: Aligned::padded(&frame_mix_bias, hidden) },
            frame_logit: layer("frame.logit", 1, &[h])?,
            noncoding_hidden: layer("noncoding.hidden", h, &[h, h, ALL_FRAMES + 1])?,
            noncoding_logit: layer("noncoding.logit", 1, &[h])?,
        })
    }

    /// Room for [`READS_AT_ONCE`] reads.
    pub(super) fn make_room(&self, room: &mut Room) {
        let Room { features, hidden, rings, means, largest, from_largest, from_strands, .. } = room;
        features.reserve(READS_AT_ONCE * ALL_FRAMES * self.features);
        rings.reserve(READS_AT_ONCE * 2 * RING * self.hidden);
        for by_frame in [hidden, &mut room.mixed] {
            by_frame.reserve(READS_AT_ONCE * ALL_FRAMES * self.hidden);
        }
        for by_strand in [means, from_strands] {
            by_strand.reserve(READS_AT_ONCE * 2 * self.hidden);
        }
        for by_read in [largest, from_largest, &mut room.noncoding] {
            by_read.reserve(READS_AT_ONCE * self.hidden);
        }
        room.logits.reserve(READS_AT_ONCE * ALL_FRAMES * LINE);
        room.summary.reserve(READS_AT_ONCE * self.summary());
        room.noncoding_logit.reserve(READS_AT_ONCE * LINE);
    }

    /// Numbers a frame's features have: mean and largest of each channel on each level, and the mean embedding.
    pub(super) fn features(&self) -> usize {
        self.features
    }

    /// Numbers a read has in [`Room::summary`].
    fn summary(&self) -> usize {
        2 * self.hidden + LINE
    }

    /// From the frames' features to the logits, of `reads` reads. Sums over frames are made within the strands first, so
    /// that they are the same for a read and its reverse complement.
    ///
    /// # Safety
    /// The CPU must have `L`'s instructions, and the room hold the features of as many reads.
    #[inline(always)]
    unsafe fn forward<L: Lanes>(&self, room: &mut Room, reads: usize) {
        let h = self.hidden;
        // SAFETY: the caller's promises; every range is of rows of `h` numbers, padded to whole registers.
        unsafe {
            self.frame_hidden.forward::<L>(&room.features, self.features, reads * ALL_FRAMES, &mut room.hidden);
            self.arrange::<L>(room, reads);
            let Room { rings, means, largest, from_largest, from_strands, mixed, .. } = room;
            // What all frames share, then what a strand's share, then the rest: each starts from the one before.
            self.frame_mix_largest.forward::<L>(largest, h, reads, from_largest);
            for strand in 0..2 {
                let (from, weights) = (&means[strand * h..], &self.frame_mix_opposite);
                let product =
                    Product { from, stride: 2 * h, rows: reads, weights, start: from_largest, start_stride: h };
                L::product(product, &mut Nothing, &mut Rows { to: &mut from_strands[strand * h..], stride: 2 * h });
            }
            for frame in 0..FRAMES {
                let (from, stride, weights) = (&rings[frame * h..], RING * h, &self.frame_mix);
                let product = Product { from, stride, rows: 2 * reads, weights, start: from_strands, start_stride: h };
                L::product(product, &mut Nothing, &mut Rows { to: &mut mixed[frame * h..], stride: FRAMES * h });
            }
            self.summarise::<L>(room, reads);
            let Room { mixed, logits, summary, noncoding, noncoding_logit, answers, .. } = room;
            self.frame_logit.forward::<L>(mixed, h, reads * ALL_FRAMES, logits);
            for (read, answer) in answers[..reads].iter_mut().enumerate() {
                let frames: [f32; ALL_FRAMES] = std::array::from_fn(|frame| logits[(read * ALL_FRAMES + frame) * LINE]);
                answer[1..].copy_from_slice(&frames);
                let mut ordered = frames;
                ordered.sort_unstable_by(|a, b| b.total_cmp(a));
                let summary = &mut summary[read * self.summary() + 2 * h..];
                summary[..ALL_FRAMES].copy_from_slice(&ordered);
                summary[ALL_FRAMES] = log_sum_exp(&ordered);
            }
            self.noncoding_hidden.forward::<L>(summary, self.summary(), reads, noncoding);
            for at in (0..reads * h).step_by(L::WIDTH) {
                L::load(noncoding, at).silu().store(noncoding, at);
            }
            self.noncoding_logit.forward::<L>(noncoding, h, reads, noncoding_logit);
            for (read, answer) in answers[..reads].iter_mut().enumerate() {
                answer[0] = noncoding_logit[read * LINE];
            }
        }
    }

    /// The `SiLU` of the hidden rows, and what is mixed of them.
    #[inline(always)]
    unsafe fn arrange<L: Lanes>(&self, room: &mut Room, reads: usize) {
        let h = self.hidden;
        let Room { hidden, rings, means, largest: of_all, .. } = room;
        for (read, at) in (0..reads).flat_map(|read| (0..h).step_by(L::WIDTH).map(move |at| (read, at))) {
            // SAFETY: as for `forward`.
            unsafe {
                let mut frames = [L::splat(0.0); ALL_FRAMES];
                for (frame, of_frame) in frames.iter_mut().enumerate() {
                    let row = (read * ALL_FRAMES + frame) * h + at;
                    *of_frame = L::load(hidden, row).silu();
                    of_frame.store(hidden, row);
                }
                let (sums, largest) = summarise_frames(frames);
                for strand in 0..2 {
                    let row = read * 2 + strand;
                    for place in 0..RING {
                        frames[strand * FRAMES + place % FRAMES].store(rings, (row * RING + place) * h + at);
                    }
                    sums[1 - strand].mul(L::splat(one_over(FRAMES))).store(means, row * h + at);
                }
                largest.store(of_all, read * h + at);
            }
        }
    }

    /// The `SiLU` of the mixed rows and their sum with the hidden ones, its mean and its largest.
    #[inline(always)]
    unsafe fn summarise<L: Lanes>(&self, room: &mut Room, reads: usize) {
        let h = self.hidden;
        let Room { hidden, mixed, summary, .. } = room;
        for (read, at) in (0..reads).flat_map(|read| (0..h).step_by(L::WIDTH).map(move |at| (read, at))) {
            // SAFETY: as for `forward`.
            unsafe {
                let mut frames = [L::splat(0.0); ALL_FRAMES];
                for (frame, z) in frames.iter_mut().enumerate() {
                    let row = (read * ALL_FRAMES + frame) * h + at;
                    *z = L::load(mixed, row).silu().add(L::load(hidden, row));
                    z.store(mixed, row);
                }
                let (sums, largest) = summarise_frames(frames);
                let to = read * self.summary() + at;
                sums[0].add(sums[1]).mul(L::splat(one_over(ALL_FRAMES))).store(summary, to);
                largest.store(summary, to + h);
            }
        }
    }
}

/// The sums over each strand's frames, and the largest of all.
#[inline(always)]
unsafe fn summarise_frames<L: Lanes>(frames: [L; ALL_FRAMES]) -> ([L; 2], L) {
    // SAFETY: the caller's CPU has the instructions.
    unsafe {
        let sum = |strand: usize| {
            let at = strand * FRAMES;
            frames[at].add(frames[at + 1]).add(frames[at + 2])
        };
        let mut largest = frames[0];
        for frame in &frames[1..] {
            largest = largest.max(*frame);
        }
        ([sum(0), sum(1)], largest)
    }
}

/// ln(sum(exp)), in f64 so that every C library rounds to the same f32; the largest comes first.
#[allow(clippy::cast_possible_truncation)] // the point of it
fn log_sum_exp(ordered: &[f32; ALL_FRAMES]) -> f32 {
    let largest = f64::from(ordered[0]);
    let sum: f64 = ordered.iter().map(|&x| (f64::from(x) - largest).exp()).sum();
    (largest + sum.ln()) as f32
}
