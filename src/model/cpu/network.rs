//! The compact network over [`Lanes`]: stem by table, blocks, and the head that weighs the six frames.

use std::ops::Range;

use super::Path;
use super::aligned::{Aligned, LINE};
use super::block::{Block, Layout};
use super::bytes::ByteBlock;
use super::gemm::{Nothing, Packed, Product, Rows, parts};
use super::lanes::{self, Lanes, Task};
use super::table::{FRAMES, KERNEL, Lookup, Numbers, STRIDE, Stored, Table, VOCABULARY, stem_outputs};
use crate::model::Precision;

/// Frames of both strands.
const ALL_FRAMES: usize = 2 * FRAMES;

/// The sizes that a checkpoint may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Numbers a token's embedding has.
    pub embedding: usize,
    /// Channels of the stem and the blocks.
    pub channels: usize,
    /// How many residual blocks.
    pub blocks: usize,
    /// Width of the head.
    pub hidden: usize,
}

impl Shape {
    /// Whether it runs in bytes: what a later block's inputs reach is not known beforehand.
    #[must_use]
    pub fn takes_bytes(&self) -> bool {
        self.blocks == 1
    }
}

/// The weights as the kernels read them; rows and columns padded with zeros to whole cache lines.
#[derive(Debug)]
pub(super) struct Network {
    embedding: usize,
    channels: usize,
    hidden: usize,
    table: Table,
    blocks: Blocks,
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

/// The residual blocks.
#[derive(Debug)]
enum Blocks {
    /// In f32.
    Singles(Vec<Block>),
    /// The only one, in bytes.
    Bytes(ByteBlock),
}

/// A linear layer.
#[derive(Debug)]
struct Layer {
    weights: Packed,
    bias: Aligned,
}

/// What reads are computed on: reused from read to read, grown by the longest.
#[derive(Debug, Default)]
pub struct Scratch {
    read: Lookup,
    next: Lookup,
    workspace: Workspace,
}

/// What a forward pass writes on.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    x: Aligned,
    transformed: Aligned,
    products: Aligned,
    head: Head,
}

/// The read after this one, if there is one: looked up early, so that its table rows can be fetched.
#[derive(Debug)]
pub(super) struct Next<'a> {
    ids: Option<&'a [u16]>,
    lookup: &'a mut Lookup,
}

/// A read's way to the features of its frames.
pub(super) struct Features<'a> {
    network: &'a Network,
    read: &'a Lookup,
    workspace: &'a mut Workspace,
    /// Its place in the head.
    place: usize,
    next: Next<'a>,
}

/// The read must be looked up in the network's table, and the workspace have room.
impl Task for Features<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        // SAFETY: the caller's CPU has the instructions; `Network::each` looked up the read and made room.
        unsafe { self.network.features_of::<L>(self.read, self.workspace, self.place, self.next) }
    }
}

/// The way of some reads' features to their logits.
pub(super) struct Logits<'a> {
    network: &'a Network,
    head: &'a mut Head,
    reads: usize,
}

/// The head must hold the features of so many reads.
impl Task for Logits<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        // SAFETY: the caller's CPU has the instructions; `Network::make_room` made room for as many reads.
        unsafe { self.network.head::<L>(self.head, self.reads) }
    }
}

/// How many reads the head takes at once: so few rows as one read has would wait for their weights.
const READS_AT_ONCE: usize = 9; // a tile's rows with AVX-512

/// What the head computes of some reads: a row a frame of each, or fewer.
#[derive(Debug, Default)]
pub(super) struct Head {
    features: Aligned,
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
    answers: [[f32; 1 + ALL_FRAMES]; READS_AT_ONCE],
}

/// Rows of a strand in [`Head::rings`].
const RING: usize = 2 * FRAMES - 1;

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

impl Network {
    pub(super) fn new<E>(
        shape: Shape,
        (path, precision): (Path, Precision),
        mut tensor: impl FnMut(&str, &[usize]) -> Result<Vec<f32>, E>,
    ) -> Result<Self, E> {
        let Shape { embedding: e, channels: c, blocks, hidden: h } = shape;
        let packing = lanes::packing(path);
        let mut tensor = |name: &str, shape: &[usize]| {
            let values = tensor(name, shape)?;
            assert_eq!(values.len(), shape.iter().product::<usize>(), "{name} has another shape");
            Ok(values)
        };
        let embeddings = tensor("embedding.weight", &[VOCABULARY, e])?;
        let stem = tensor("stem.weight", &[c, e, KERNEL])?;
        let stem_bias = tensor("stem.bias", &[c])?;
        let [embedding, channels, hidden] = [e, c, h].map(|n| n.next_multiple_of(LINE));
        let table = Table::new(&embeddings, &stem, &stem_bias, e);
        let mut block = |i: usize| {
            let weight = tensor(&format!("blocks.{i}.weight"), &[c, c, 3])?;
            Ok((weight, tensor(&format!("blocks.{i}.bias"), &[c])?))
        };
        let blocks = (0..blocks).map(&mut block).collect::<Result<Vec<_>, E>>()?;
        let (table, blocks) = match blocks.as_slice() {
            [(weight, bias)] if precision == Precision::Int8 => {
                let block = ByteBlock::new(weight, bias, &table.stem_outputs(), channels, packing);
                (table.in_words(), Blocks::Bytes(block))
            }
            blocks => {
                let block = |(weight, bias): &(Vec<f32>, Vec<f32>)| Block::new(weight, bias, channels, packing);
                (table, Blocks::Singles(blocks.iter().map(block).collect()))
            }
        };
        let scale = tensor("embedding_norm.scale", &[e])?;
        let shift = tensor("embedding_norm.shift", &[e])?;
        let inputs = 2 * c + e;
        let mut frame_hidden = tensor("frame.hidden.weight", &[h, inputs])?;
        let mut frame_hidden_bias = tensor("frame.hidden.bias", &[h])?;
        for (row, bias) in frame_hidden.chunks_exact_mut(inputs).zip(&mut frame_hidden_bias) {
            for ((weight, scale), shift) in row[2 * c..].iter_mut().zip(&scale).zip(&shift) {
                *bias += *weight * shift;
                *weight *= scale;
            }
        }
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
            embedding,
            channels,
            hidden,
            table,
            blocks,
            frame_hidden: Layer::new(&frame_hidden, &frame_hidden_bias, &padded_inputs(&[c, c, e]), packing),
            frame_mix: mix(0..3),
            frame_mix_opposite: mix(3..4),
            frame_mix_largest: Layer { weights: mix(4..5), bias: Aligned::padded(&frame_mix_bias, hidden) },
            frame_logit: layer("frame.logit", 1, &[h])?,
            noncoding_hidden: layer("noncoding.hidden", h, &[h, h, ALL_FRAMES + 1])?,
            noncoding_logit: layer("noncoding.logit", 1, &[h])?,
        })
    }

    /// The logits of each of `reads`, given to `then` in their order, computed on `path`.
    ///
    /// # Safety
    /// The CPU must support the path the network was made for, and `path` be that one.
    pub(super) unsafe fn each<'a>(
        &self,
        path: Path,
        reads: impl IntoIterator<Item = &'a [u16]>,
        scratch: &mut Scratch,
        mut then: impl FnMut([f32; 7]),
    ) {
        let mut reads = reads.into_iter();
        let Some(first) = reads.next() else { return };
        let Scratch { read, next, workspace } = scratch;
        self.table.look_up(first, read);
        let mut place = 0;
        loop {
            let ids = reads.next();
            self.make_room(read, workspace);
            let next_one = Next { ids, lookup: next };
            let features = Features { network: self, read, workspace, place, next: next_one };
            // SAFETY: the caller's promise.
            unsafe { lanes::run(path, features) };
            place += 1;
            if place == READS_AT_ONCE || ids.is_none() {
                let head = &mut workspace.head;
                // SAFETY: the caller's promise.
                unsafe { lanes::run(path, Logits { network: self, head, reads: place }) };
                head.answers[..place].iter().copied().for_each(&mut then);
                place = 0;
            }
            if ids.is_none() {
                return;
            }
            std::mem::swap(read, next);
        }
    }

    fn make_room(&self, read: &Lookup, workspace: &mut Workspace) {
        let layout = self.layout(read);
        let Workspace { x, transformed, products, head } = workspace;
        x.reserve(layout.len());
        transformed.reserve(layout.transformed());
        products.reserve(layout.transformed());
        let Head { features, hidden, rings, means, largest, from_largest, from_strands, .. } = head;
        features.reserve(READS_AT_ONCE * ALL_FRAMES * self.features());
        rings.reserve(READS_AT_ONCE * 2 * RING * self.hidden);
        for by_frame in [hidden, &mut head.mixed] {
            by_frame.reserve(READS_AT_ONCE * ALL_FRAMES * self.hidden);
        }
        for by_strand in [means, from_strands] {
            by_strand.reserve(READS_AT_ONCE * 2 * self.hidden);
        }
        for by_read in [largest, from_largest, &mut head.noncoding] {
            by_read.reserve(READS_AT_ONCE * self.hidden);
        }
        head.logits.reserve(READS_AT_ONCE * ALL_FRAMES * LINE);
        head.summary.reserve(READS_AT_ONCE * self.summary());
        head.noncoding_logit.reserve(READS_AT_ONCE * LINE);
    }

    /// Numbers a read has in [`Head::summary`].
    fn summary(&self) -> usize {
        2 * self.hidden + LINE
    }

    fn features(&self) -> usize {
        2 * self.channels + self.embedding
    }

    /// The frames of one strand.
    fn layout(&self, read: &Lookup) -> Layout {
        Layout { channels: self.channels, rows: stem_outputs(read.tokens), frames: FRAMES }
    }

    /// The features of `read` at a place in the head; on the way, looks up `next` and fetches what it will need.
    ///
    /// # Safety
    /// The CPU must have `L`'s instructions; `read` must be looked up in this network's table, and `workspace` have room.
    #[inline(always)]
    unsafe fn features_of<L: Lanes>(&self, read: &Lookup, workspace: &mut Workspace, place: usize, next: Next<'_>) {
        let Next { ids, lookup: next } = next;
        match ids {
            Some(ids) => self.table.look_up(ids, next),
            None => next.clear(),
        }
        let layout = self.layout(read);
        let Workspace { x, transformed, products, head } = workspace;
        let mut ahead = [self.table.ahead(read, 1), self.table.ahead(next, 0)];
        let own = &mut head.features[place * ALL_FRAMES * self.features()..];
        // SAFETY: `make_room` made every slice as long as `layout` says.
        unsafe {
            for (strand, rows) in read.strands.iter().enumerate() {
                layout.clear_margins(x);
                for frame in 0..FRAMES {
                    let features = &mut own[(strand * FRAMES + frame) * self.features()..];
                    let (x, mean) = (&mut x[layout.frame(frame)..], &mut features[2 * self.channels..]);
                    match self.table.stored() {
                        Stored::Singles(table) => self.read::<L, _>(table, &rows[frame..], read.tokens, x, mean),
                        Stored::Words(table) => self.read::<L, _>(table, &rows[frame..], read.tokens, x, mean),
                    }
                }
                match &self.blocks {
                    Blocks::Singles(blocks) => {
                        for block in blocks {
                            block.forward::<L>(layout, x, transformed, products, &mut ahead[strand]);
                        }
                    }
                    Blocks::Bytes(block) => {
                        block.forward::<L>(layout, x, transformed, products, &mut ahead[strand]);
                    }
                }
                for frame in 0..FRAMES {
                    let features = &mut own[(strand * FRAMES + frame) * self.features()..];
                    mean_and_max::<L>(&x[layout.frame(frame)..], layout.rows, layout.channels, features);
                }
            }
        }
    }

    /// What a frame's tokens have in the table: the stem's output, and the mean embedding.
    #[inline(always)]
    unsafe fn read<L: Lanes, T: Numbers>(
        &self,
        table: &T,
        rows: &[u32],
        tokens: usize,
        x: &mut [f32],
        mean: &mut [f32],
    ) {
        for (first, registers) in parts(self.channels / L::WIDTH, L::PANEL) {
            let (outputs, first) = (stem_outputs(tokens), first * L::WIDTH);
            // SAFETY: the caller's promises.
            unsafe {
                match registers {
                    1 => self.stem::<L, T, 1>(table, rows, outputs, first, x),
                    2 if L::PANEL >= 2 => self.stem::<L, T, 2>(table, rows, outputs, first, x),
                    3 if L::PANEL >= 3 => self.stem::<L, T, 3>(table, rows, outputs, first, x),
                    _ => unreachable!("a panel has 1 to L::PANEL registers"),
                }
            }
        }
        for (first, registers) in parts(self.embedding / L::WIDTH, L::PANEL) {
            let first = first * L::WIDTH;
            // SAFETY: the caller's promises.
            unsafe {
                match registers {
                    1 => self.embedding_mean::<L, T, 1>(table, rows, tokens, first, mean),
                    2 if L::PANEL >= 2 => self.embedding_mean::<L, T, 2>(table, rows, tokens, first, mean),
                    3 if L::PANEL >= 3 => self.embedding_mean::<L, T, 3>(table, rows, tokens, first, mean),
                    _ => unreachable!("a panel has 1 to L::PANEL registers"),
                }
            }
        }
    }

    /// SiLU(stem): output j is the sum over the strides j - 1 (taps 0 to 2) and j (taps 3 to 5) of tokens.
    #[inline(always)]
    unsafe fn stem<L: Lanes, T: Numbers, const N: usize>(
        &self,
        table: &T,
        rows: &[u32],
        outputs: usize,
        first: usize,
        x: &mut [f32],
    ) {
        // SAFETY: the caller's promises; every number in `rows` is a row of the table.
        unsafe {
            let mut bias = [table.bias::<L>(first); N];
            for (n, bias) in bias.iter_mut().enumerate() {
                *bias = table.bias::<L>(first + n * L::WIDTH);
            }
            let mut carried = bias;
            for output in 0..outputs {
                let mut here = carried;
                carried = bias;
                for place in 0..STRIDE {
                    let row = rows[output * STRIDE * FRAMES + place * FRAMES] as usize;
                    let taps = row + self.table.taps(place) + first;
                    for n in 0..N {
                        carried[n] = T::add::<L>(carried[n], table.load::<L>(taps + n * L::WIDTH));
                        here[n] = T::add::<L>(here[n], table.load::<L>(taps + self.channels + n * L::WIDTH));
                    }
                }
                for (n, here) in here.into_iter().enumerate() {
                    let column = first + n * L::WIDTH;
                    table.floats::<L>(here, column).silu().store(x, output * self.channels + column);
                }
            }
        }
    }

    /// The mean embedding of a frame's tokens.
    #[inline(always)]
    unsafe fn embedding_mean<L: Lanes, T: Numbers, const N: usize>(
        &self,
        table: &T,
        rows: &[u32],
        tokens: usize,
        first: usize,
        to: &mut [f32],
    ) {
        // SAFETY: the caller's promises; every number in `rows` is a row of the table.
        unsafe {
            let at = self.table.embedding() + first;
            let mut sums = [L::splat(0.0); N];
            for triple in 0..stem_outputs(tokens) {
                let row = |place: usize| rows[triple * STRIDE * FRAMES + place * FRAMES] as usize + at;
                let (a, b, c) = (row(0), row(1), row(2));
                for (n, sum) in sums.iter_mut().enumerate() {
                    let load = |at: usize| table.load::<L>(at + n * L::WIDTH);
                    let three = T::add::<L>(T::add::<L>(load(a), load(b)), load(c));
                    *sum = sum.add(table.floats::<L>(three, self.channels + first + n * L::WIDTH));
                }
            }
            for (n, sum) in sums.into_iter().enumerate() {
                sum.mul(L::splat(one_over(tokens))).store(to, first + n * L::WIDTH);
            }
        }
    }

    /// From the frames' features to the logits, of `reads` reads. Sums over frames are made within the strands first, so
    /// that they are the same for a read and its reverse complement.
    ///
    /// # Safety
    /// The CPU must have `L`'s instructions, and the head hold the features of as many reads.
    #[inline(always)]
    unsafe fn head<L: Lanes>(&self, head: &mut Head, reads: usize) {
        let h = self.hidden;
        // SAFETY: the caller's promises; every range is of rows of `h` numbers, padded to whole registers.
        unsafe {
            self.frame_hidden.forward::<L>(&head.features, self.features(), reads * ALL_FRAMES, &mut head.hidden);
            self.arrange::<L>(head, reads);
            let Head { rings, means, largest, from_largest, from_strands, mixed, .. } = head;
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
            self.summarise::<L>(head, reads);
            let Head { mixed, logits, summary, noncoding, noncoding_logit, answers, .. } = head;
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
    unsafe fn arrange<L: Lanes>(&self, head: &mut Head, reads: usize) {
        let h = self.hidden;
        let Head { hidden, rings, means, largest: of_all, .. } = head;
        for (read, at) in (0..reads).flat_map(|read| (0..h).step_by(L::WIDTH).map(move |at| (read, at))) {
            // SAFETY: as for `head`.
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
    unsafe fn summarise<L: Lanes>(&self, head: &mut Head, reads: usize) {
        let h = self.hidden;
        let Head { hidden, mixed, summary, .. } = head;
        for (read, at) in (0..reads).flat_map(|read| (0..h).step_by(L::WIDTH).map(move |at| (read, at))) {
            // SAFETY: as for `head`.
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

/// The mean and the largest of `rows` rows of `x`, channel by channel.
#[inline(always)]
unsafe fn mean_and_max<L: Lanes>(x: &[f32], rows: usize, channels: usize, to: &mut [f32]) {
    for channel in (0..channels).step_by(L::WIDTH) {
        // SAFETY: the caller's promises.
        unsafe {
            let mut sum = L::load(x, channel);
            let mut largest = sum;
            for row in 1..rows {
                let value = L::load(x, row * channels + channel);
                sum = sum.add(value);
                largest = largest.max(value);
            }
            sum.mul(L::splat(one_over(rows))).store(to, channel);
            largest.store(to, channels + channel);
        }
    }
}

#[allow(clippy::cast_precision_loss)] // a read has fewer than 2^24 tokens
fn one_over(n: usize) -> f32 {
    1.0 / n as f32
}

/// ln(sum(exp)), in f64 so that every C library rounds to the same f32; the largest comes first.
#[allow(clippy::cast_possible_truncation)] // the point of it
fn log_sum_exp(ordered: &[f32; ALL_FRAMES]) -> f32 {
    let largest = f64::from(ordered[0]);
    let sum: f64 = ordered.iter().map(|&x| (f64::from(x) - largest).exp()).sum();
    (largest + sum.ln()) as f32
}
