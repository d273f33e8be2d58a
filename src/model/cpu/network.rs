//! The compact network over [`Lanes`]: stem by table, and blocks; then the [`head`](super::head) weighs the six frames.

use super::Path;
use super::aligned::{Aligned, LINE};
use super::block::{Block, Layout};
use super::bytes::ByteBlock;
use super::gemm::parts;
use super::head::{ALL_FRAMES, Head, Logits, READS_AT_ONCE, Room};
use super::lanes::{self, Lanes, Task};
use super::table::{Ahead, FRAMES, KERNEL, Lookup, Numbers, STRIDE, Stored, Table, VOCABULARY, stem_outputs};
use crate::model::Precision;

/// The sizes that a checkpoint may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Numbers a token's embedding has.
    pub embedding: usize,
    /// Channels of the stem and the blocks.
    pub channels: usize,
    /// How many residual blocks.
    pub blocks: usize,
    /// How many coarser levels after them.
    pub levels: usize,
    /// Rows of a level that are one of the next.
    pub pool: usize,
    /// Width of the head.
    pub hidden: usize,
}

impl Shape {
    /// Whether it runs in bytes: it has a convolution after the stem.
    #[must_use]
    pub fn takes_bytes(&self) -> bool {
        self.blocks > 0 || self.levels > 0
    }
}

/// The weights as the kernels read them; rows and columns padded with zeros to whole cache lines.
#[derive(Debug)]
pub(super) struct Network {
    embedding: usize,
    channels: usize,
    table: Table,
    blocks: Vec<Convolution>,
    /// The coarser levels'.
    coarse: Vec<Convolution>,
    pool: usize,
    head: Head,
}

/// A residual convolution.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // a network has a handful
enum Convolution {
    /// In f32.
    Single(Block),
    /// In bytes: the first after the stem, as it is known beforehand what its inputs reach.
    Bytes(ByteBlock),
}

impl Convolution {
    /// Replaces the rows of `x` by the convolution's output.
    ///
    /// # Safety
    /// As for [`Block::forward`].
    #[inline(always)]
    unsafe fn forward<L: Lanes>(
        &self,
        layout: Layout,
        x: &mut [f32],
        transformed: &mut Aligned,
        products: &mut Aligned,
        ahead: &mut Ahead<'_>,
    ) {
        // SAFETY: the caller's promises.
        unsafe {
            match self {
                Self::Single(block) => block.forward::<L>(layout, x, transformed, products, ahead),
                Self::Bytes(block) => block.forward::<L>(layout, x, transformed, products, ahead),
            }
        }
    }
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
    head: Room,
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

impl Network {
    pub(super) fn new<E>(
        shape: Shape,
        (path, precision): (Path, Precision),
        mut tensor: impl FnMut(&str, &[usize]) -> Result<Vec<f32>, E>,
    ) -> Result<Self, E> {
        let Shape { embedding: e, channels: c, blocks, levels, pool, .. } = shape;
        let packing = lanes::packing(path);
        let mut tensor = |name: &str, shape: &[usize]| {
            let values = tensor(name, shape)?;
            assert_eq!(values.len(), shape.iter().product::<usize>(), "{name} has another shape");
            Ok(values)
        };
        let embeddings = tensor("embedding.weight", &[VOCABULARY, e])?;
        let stem = tensor("stem.weight", &[c, e, KERNEL])?;
        let stem_bias = tensor("stem.bias", &[c])?;
        let [embedding, channels] = [e, c].map(|n| n.next_multiple_of(LINE));
        let table = Table::new(&embeddings, &stem, &stem_bias, e);
        // What the first convolution reads: the stem's outputs, or means of them.
        let first_pool = if blocks == 0 { pool } else { 1 };
        let mut first_inputs = (precision == Precision::Int8).then(|| table.stem_means(first_pool));
        let mut several = |name: &str, count: usize| {
            let one = |i: usize| {
                let weight = tensor(&format!("{name}.{i}.weight"), &[c, c, 3])?;
                let bias = tensor(&format!("{name}.{i}.bias"), &[c])?;
                Ok(match first_inputs.take() {
                    Some(inputs) => Convolution::Bytes(ByteBlock::new(&weight, &bias, &inputs, channels, packing)),
                    None => Convolution::Single(Block::new(&weight, &bias, channels, packing)),
                })
            };
            (0..count).map(one).collect::<Result<Vec<_>, E>>()
        };
        let (blocks, coarse) = (several("blocks", blocks)?, several("coarse", levels)?);
        let table = if precision == Precision::Int8 { table.in_words() } else { table };
        let head = Head::new(shape, packing, tensor)?;
        Ok(Self { embedding, channels, table, blocks, coarse, pool, head })
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
                unsafe { lanes::run(path, Logits { head: &self.head, room: head, reads: place }) };
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
        self.head.make_room(head);
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
        let own = &mut head.features[place * ALL_FRAMES * self.head.features()..];
        // SAFETY: `make_room` made every slice as long as `layout` says.
        unsafe {
            for (strand, rows) in read.strands.iter().enumerate() {
                layout.clear_margins(x);
                for frame in 0..FRAMES {
                    let features = &mut own[(strand * FRAMES + frame) * self.head.features()..];
                    let (x, mean) = (&mut x[layout.frame(frame)..], &mut features[self.mean_embedding()..]);
                    match self.table.stored() {
                        Stored::Singles(table) => self.read::<L, _>(table, &rows[frame..], read.tokens, x, mean),
                        Stored::Words(table) => self.read::<L, _>(table, &rows[frame..], read.tokens, x, mean),
                    }
                }
                for block in &self.blocks {
                    block.forward::<L>(layout, x, transformed, products, &mut ahead[strand]);
                }
                let own = &mut own[strand * FRAMES * self.head.features()..];
                self.summarise::<L>(layout, x, 0, own);
                let mut layout = layout;
                for (level, block) in self.coarse.iter().enumerate() {
                    layout = pool_rows::<L>(layout, self.pool, x);
                    block.forward::<L>(layout, x, transformed, products, &mut ahead[strand]);
                    self.summarise::<L>(layout, x, 1 + level, own);
                }
            }
        }
    }

    /// Where the mean embedding stands among a frame's features: after every level's mean and largest.
    fn mean_embedding(&self) -> usize {
        2 * self.channels * (1 + self.coarse.len())
    }

    /// A level's part of the features of each frame of a strand.
    #[inline(always)]
    unsafe fn summarise<L: Lanes>(&self, layout: Layout, x: &[f32], level: usize, features: &mut [f32]) {
        for frame in 0..FRAMES {
            let to = &mut features[frame * self.head.features() + 2 * self.channels * level..];
            // SAFETY: the caller's promises.
            unsafe { mean_and_max::<L>(&x[layout.frame(frame)..], layout.rows, layout.channels, to) }
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

/// Replaces the rows of each frame by the means of `pool` neighbours, the last one's with zeros beyond the end; in place, as
/// no row moves back. Returns how they lie now.
///
/// # Safety
/// The CPU must have `L`'s instructions; `x` must hold `layout.len()` floats.
#[inline(always)]
unsafe fn pool_rows<L: Lanes>(layout: Layout, pool: usize, x: &mut [f32]) -> Layout {
    let Layout { channels, rows, frames } = layout;
    let coarser = Layout { rows: rows.div_ceil(pool), ..layout };
    for frame in 0..frames {
        let (from, to) = (layout.frame(frame), coarser.frame(frame));
        for row in 0..coarser.rows {
            for channel in (0..channels).step_by(L::WIDTH) {
                // SAFETY: the caller's promises.
                unsafe {
                    let mut sum = L::load(x, from + row * pool * channels + channel);
                    for other in row * pool + 1..rows.min((row + 1) * pool) {
                        sum = sum.add(L::load(x, from + other * channels + channel));
                    }
                    sum.mul(L::splat(one_over(pool))).store(x, to + row * channels + channel);
                }
            }
        }
    }
    coarser.clear_margins(x);
    coarser
}

#[allow(clippy::cast_precision_loss)] // a read has fewer than 2^24 tokens
pub(super) fn one_over(n: usize) -> f32 {
    1.0 / n as f32
}
