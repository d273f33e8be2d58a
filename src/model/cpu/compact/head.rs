//! The head of the compact network: computes the logits of some reads from the features of their six frames.

use std::ops::Range;

use super::super::aligned::{Aligned, LINE};
use super::super::dispatch::Task;
use super::super::frames::layout::one_over;
use super::super::frames::linear::{Linear, pack, padded_inputs};
use super::super::frames::table::FRAMES;
use super::super::gemm::{Nothing, Product, Rows};
use super::super::isa::Isa;
use super::super::packed::{Packed, Packing};
use super::super::register::Register;
use super::shape::Shape;

/// The number of frames of both strands.
pub(super) const ALL_FRAMES: usize = 2 * FRAMES;

/// The number of reads that the head takes at once: the few rows of a single read would wait for their weights.
pub(super) const READS_AT_ONCE: usize = 9; // a tile's rows with AVX-512

/// Working memory for some reads: a row for each frame, or fewer.
#[derive(Debug, Default)]
pub(super) struct Room {
    pub(super) features: Aligned,
    hidden: Aligned,
    /// The frames of each strand, then its first two again, so that any frame and the next two are adjacent.
    rings: Aligned,
    /// The means of the other strand, for each strand.
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

/// The number of rows of a strand in [`Room::rings`].
const RING: usize = 2 * FRAMES - 1;

/// The weights, laid out for the kernels. Rows and columns are padded with zeros to whole cache lines.
#[derive(Debug)]
pub(super) struct Head {
    /// The number of features of a frame, padded.
    features: usize,
    hidden: usize,
    frame_hidden: Linear,
    /// The part that reads a frame and the two others of its strand.
    frame_mix: Packed,
    /// The part that reads the mean of the opposite strand.
    frame_mix_opposite: Packed,
    /// The part that reads the maximum of all frames.
    frame_mix_largest: Linear,
    frame_logit: Linear,
    noncoding_hidden: Linear,
    noncoding_logit: Linear,
}

/// Computes the logits of some reads from their features.
pub(super) struct Logits<'a> {
    pub(super) head: &'a Head,
    pub(super) room: &'a mut Room,
    pub(super) reads: usize,
}

/// The room must hold the features of so many reads.
impl Task for Logits<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<I: Isa>(self) {
        // SAFETY: the caller's CPU has the instructions; `Head::make_room` made room for as many reads.
        unsafe { self.head.forward::<I>(self.room, self.reads) }
    }
}

impl Head {
    pub(super) fn new<E>(
        shape: Shape,
        packing: Packing,
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
            Ok(Linear::new(&weight, &bias, &padded_inputs(parts), packing))
        };
        Ok(Self {
            hidden,
            features: pooled.len() * channels + embedding,
            frame_hidden: Linear::new(&frame_hidden, &frame_hidden_bias, &features, packing),
            frame_mix: mix(0..3),
            frame_mix_opposite: mix(3..4),
            frame_mix_largest: Linear { weights: mix(4..5), bias: Aligned::padded(&frame_mix_bias, hidden) },
            frame_logit: layer("frame.logit", 1, &[h])?,
            noncoding_hidden: layer("noncoding.hidden", h, &[h, h, ALL_FRAMES + 1])?,
            noncoding_logit: layer("noncoding.logit", 1, &[h])?,
        })
    }

    /// Makes room for [`READS_AT_ONCE`] reads.
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

    /// The number of features of a frame: mean and maximum of each channel on each level, and the mean embedding.
    pub(super) fn features(&self) -> usize {
        self.features
    }

    /// The number of values of a read in [`Room::summary`].
    fn summary(&self) -> usize {
        2 * self.hidden + LINE
    }

    /// Computes the logits of `reads` reads from the features of their frames. Frames are summed within each strand
    /// first, so that the sums are the same for a read and its reverse complement.
    ///
    /// # Safety
    /// The CPU must have `I`'s instructions, and the room hold the features of as many reads.
    #[inline(always)]
    unsafe fn forward<I: Isa>(&self, room: &mut Room, reads: usize) {
        let h = self.hidden;
        // SAFETY: the caller's promises; every range is of rows of `h` numbers, padded to whole registers.
        unsafe {
            self.frame_hidden.forward::<I>(&room.features, self.features, reads * ALL_FRAMES, &mut room.hidden);
            self.arrange::<I::Register>(room, reads);
            let Room { rings, means, largest, from_largest, from_strands, mixed, .. } = room;
            // First comes the part that all frames share, then the part that the frames of a strand share, then the
            // rest. Each starts from the previous one.
            self.frame_mix_largest.forward::<I>(largest, h, reads, from_largest);
            for strand in 0..2 {
                let (from, weights) = (&means[strand * h..], &self.frame_mix_opposite);
                let product =
                    Product { from, stride: 2 * h, rows: reads, weights, start: from_largest, start_stride: h };
                I::product(product, &mut Nothing, &mut Rows { to: &mut from_strands[strand * h..], stride: 2 * h });
            }
            for frame in 0..FRAMES {
                let (from, stride, weights) = (&rings[frame * h..], RING * h, &self.frame_mix);
                let product = Product { from, stride, rows: 2 * reads, weights, start: from_strands, start_stride: h };
                I::product(product, &mut Nothing, &mut Rows { to: &mut mixed[frame * h..], stride: FRAMES * h });
            }
            self.summarise::<I::Register>(room, reads);
            let Room { mixed, logits, summary, noncoding, noncoding_logit, answers, .. } = room;
            self.frame_logit.forward::<I>(mixed, h, reads * ALL_FRAMES, logits);
            for (read, answer) in answers[..reads].iter_mut().enumerate() {
                let frames: [f32; ALL_FRAMES] = std::array::from_fn(|frame| logits[(read * ALL_FRAMES + frame) * LINE]);
                answer[1..].copy_from_slice(&frames);
                let mut ordered = frames;
                ordered.sort_unstable_by(|a, b| b.total_cmp(a));
                let summary = &mut summary[read * self.summary() + 2 * h..];
                summary[..ALL_FRAMES].copy_from_slice(&ordered);
                summary[ALL_FRAMES] = log_sum_exp(&ordered);
            }
            self.noncoding_hidden.forward::<I>(summary, self.summary(), reads, noncoding);
            for at in (0..reads * h).step_by(I::Register::WIDTH) {
                I::Register::load(noncoding, at).silu().store(noncoding, at);
            }
            self.noncoding_logit.forward::<I>(noncoding, h, reads, noncoding_logit);
            for (read, answer) in answers[..reads].iter_mut().enumerate() {
                answer[0] = noncoding_logit[read * LINE];
            }
        }
    }

    /// Applies `SiLU` to the hidden rows, and arranges them for the mixing layer.
    #[inline(always)]
    unsafe fn arrange<R: Register>(&self, room: &mut Room, reads: usize) {
        let h = self.hidden;
        let Room { hidden, rings, means, largest: of_all, .. } = room;
        for (read, at) in (0..reads).flat_map(|read| (0..h).step_by(R::WIDTH).map(move |at| (read, at))) {
            // SAFETY: as for `forward`.
            unsafe {
                let mut frames = [R::splat(0.0); ALL_FRAMES];
                for (frame, of_frame) in frames.iter_mut().enumerate() {
                    let row = (read * ALL_FRAMES + frame) * h + at;
                    *of_frame = R::load(hidden, row).silu();
                    of_frame.store(hidden, row);
                }
                let (sums, largest) = summarise_frames(frames);
                for strand in 0..2 {
                    let row = read * 2 + strand;
                    for place in 0..RING {
                        frames[strand * FRAMES + place % FRAMES].store(rings, (row * RING + place) * h + at);
                    }
                    sums[1 - strand].mul(R::splat(one_over(FRAMES))).store(means, row * h + at);
                }
                largest.store(of_all, read * h + at);
            }
        }
    }

    /// Adds the `SiLU` of the mixed rows to the hidden ones, and computes mean and maximum.
    #[inline(always)]
    unsafe fn summarise<R: Register>(&self, room: &mut Room, reads: usize) {
        let h = self.hidden;
        let Room { hidden, mixed, summary, .. } = room;
        for (read, at) in (0..reads).flat_map(|read| (0..h).step_by(R::WIDTH).map(move |at| (read, at))) {
            // SAFETY: as for `forward`.
            unsafe {
                let mut frames = [R::splat(0.0); ALL_FRAMES];
                for (frame, z) in frames.iter_mut().enumerate() {
                    let row = (read * ALL_FRAMES + frame) * h + at;
                    *z = R::load(mixed, row).silu().add(R::load(hidden, row));
                    z.store(mixed, row);
                }
                let (sums, largest) = summarise_frames(frames);
                let to = read * self.summary() + at;
                sums[0].add(sums[1]).mul(R::splat(one_over(ALL_FRAMES))).store(summary, to);
                largest.store(summary, to + h);
            }
        }
    }
}

/// The sum over each strand's frames, and the maximum over all.
#[inline(always)]
unsafe fn summarise_frames<R: Register>(frames: [R; ALL_FRAMES]) -> ([R; 2], R) {
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

/// ln(sum(exp)), in f64 so that every C library rounds to the same f32. The largest number must come first.
#[allow(clippy::cast_possible_truncation)] // the point of it
fn log_sum_exp(ordered: &[f32; ALL_FRAMES]) -> f32 {
    let largest = f64::from(ordered[0]);
    let sum: f64 = ordered.iter().map(|&x| (f64::from(x) - largest).exp()).sum();
    (largest + sum.ln()) as f32
}
