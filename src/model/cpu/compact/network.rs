//! The compact network: the stem by table, the blocks, and the levels. The [`head`](super::head) then combines the six
//! frames.

use super::super::InstructionSet;
use super::super::aligned::{Aligned, LINE};
use super::super::dispatch::{self, Task};
use super::super::frames::layout::{Layout, one_over};
use super::super::frames::table::{
    Ahead, Columns, Entries, FRAMES, KERNEL, Lookup, STRIDE, Storage, Table, VOCABULARY, stem_outputs,
};
use super::super::frames::winograd::{Silu, WinogradBlock};
use super::super::isa::Isa;
use super::super::packed::parts;
use super::super::register::Register;
use super::bytes::ByteBlock;
use super::head::{ALL_FRAMES, Head, Logits, READS_AT_ONCE, Room};
use super::shape::Shape;
use crate::model::Precision;

/// The weights, laid out for the kernels. Rows and columns are padded with zeros to whole cache lines.
#[derive(Debug)]
pub(super) struct Network {
    embedding: usize,
    channels: usize,
    table: Table,
    blocks: Vec<Convolution>,
    /// The convolutions of the coarser levels.
    coarse: Vec<Convolution>,
    pool: usize,
    head: Head,
}

/// A residual convolution.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // a network has few
enum Convolution {
    /// A convolution in f32, in Winograd's domain.
    Winograd(WinogradBlock),
    /// A convolution of bytes. Only the first one after the stem, since the range of its inputs is known beforehand.
    Bytes(ByteBlock),
}

impl Convolution {
    /// Replaces the rows of `x` by the convolution's output.
    ///
    /// # Safety
    /// As for [`WinogradBlock::forward`].
    #[inline(always)]
    unsafe fn forward<I: Isa>(
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
                Self::Winograd(block) => block.forward::<I>(layout, (x, Silu), (transformed, products), ahead),
                Self::Bytes(block) => block.forward::<I>(layout, x, transformed, products, ahead),
            }
        }
    }
}

/// Working memory. It is reused from read to read, and grows to fit the longest.
#[derive(Debug, Default)]
pub struct Scratch {
    read: Lookup,
    next: Lookup,
    workspace: Workspace,
}

/// Working memory of a forward pass.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    x: Aligned,
    transformed: Aligned,
    products: Aligned,
    head: Room,
}

/// The next read, if there is one. It is looked up early, so that its table rows can be prefetched.
#[derive(Debug)]
pub(super) struct Next<'a> {
    ids: Option<&'a [u16]>,
    lookup: &'a mut Lookup,
}

/// Computes the features of a read's frames.
pub(super) struct Features<'a> {
    network: &'a Network,
    read: &'a Lookup,
    workspace: &'a mut Workspace,
    /// The place of the read in the head.
    place: usize,
    next: Next<'a>,
}

/// The read must be looked up in the network's table, and the workspace have room.
impl Task for Features<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<I: Isa>(self) {
        // SAFETY: the caller's CPU has the instructions; `Network::each` looked up the read and made room.
        unsafe { self.network.features_of::<I>(self.read, self.workspace, self.place, self.next) }
    }
}

impl Network {
    pub(super) fn new<E>(
        shape: Shape,
        (instructions, precision): (InstructionSet, Precision),
        mut tensor: impl FnMut(&str, &[usize]) -> Result<Vec<f32>, E>,
    ) -> Result<Self, E> {
        let Shape { embedding: e, channels: c, blocks, levels, pool, .. } = shape;
        let packing = dispatch::packings(instructions).f32s;
        let mut tensor = |name: &str, shape: &[usize]| {
            let values = tensor(name, shape)?;
            assert_eq!(values.len(), shape.iter().product::<usize>(), "{name} has another shape");
            Ok(values)
        };
        let embeddings = tensor("embedding.weight", &[VOCABULARY, e])?;
        let stem = tensor("stem.weight", &[c, e, KERNEL])?;
        let stem_bias = tensor("stem.bias", &[c])?;
        let [embedding, channels] = [e, c].map(|n| n.next_multiple_of(LINE));
        let table = Table::new(&embeddings, (&stem, &stem_bias), Columns::StemAndEmbedding);
        // The inputs of the first convolution: the stem's outputs, or means of them.
        let first_pool = if blocks == 0 { pool } else { 1 };
        let mut first_inputs = (precision == Precision::Int8).then(|| table.stem_means(first_pool));
        let mut several = |name: &str, count: usize| {
            let one = |i: usize| {
                let weight = tensor(&format!("{name}.{i}.weight"), &[c, c, 3])?;
                let bias = tensor(&format!("{name}.{i}.bias"), &[c])?;
                Ok(match first_inputs.take() {
                    Some(inputs) => Convolution::Bytes(ByteBlock::new(&weight, &bias, &inputs, channels, packing)),
                    None => Convolution::Winograd(WinogradBlock::new(&weight, &bias, channels, packing)),
                })
            };
            (0..count).map(one).collect::<Result<Vec<_>, E>>()
        };
        let (blocks, coarse) = (several("blocks", blocks)?, several("coarse", levels)?);
        let table = if precision == Precision::Int8 { table.in_i16s() } else { table };
        let head = Head::new(shape, packing, tensor)?;
        Ok(Self { embedding, channels, table, blocks, coarse, pool, head })
    }

    /// Computes the logits of each of `reads` with `instructions`, and passes them to `then` in order.
    ///
    /// # Safety
    /// The CPU must support `instructions`, and the network must have been made for them.
    pub(super) unsafe fn each<'a>(
        &self,
        instructions: InstructionSet,
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
            unsafe { dispatch::run(instructions, features) };
            place += 1;
            if place == READS_AT_ONCE || ids.is_none() {
                let head = &mut workspace.head;
                // SAFETY: the caller's promise.
                unsafe { dispatch::run(instructions, Logits { head: &self.head, room: head, reads: place }) };
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

    /// The layout of the frames of one strand.
    fn layout(&self, read: &Lookup) -> Layout {
        Layout { channels: self.channels, rows: stem_outputs(read.tokens), strands: 1 }
    }

    /// Computes the features of `read` at a place in the head. Meanwhile looks up `next` and prefetches its table rows.
    ///
    /// # Safety
    /// The CPU must have `I`'s instructions; `read` must be looked up in this network's table, and `workspace` have room.
    #[inline(always)]
    unsafe fn features_of<I: Isa>(&self, read: &Lookup, workspace: &mut Workspace, place: usize, next: Next<'_>) {
        let Next { ids, lookup: next } = next;
        match ids {
            Some(ids) => self.table.look_up(ids, next),
            None => next.clear(),
        }
        let layout = self.layout(read);
        let Workspace { x, transformed, products, head } = workspace;
        let mut ahead = [self.table.ahead(&read.strands[1]), self.table.ahead(&next.strands[0])];
        let own = &mut head.features[place * ALL_FRAMES * self.head.features()..];
        // SAFETY: `make_room` made every slice as long as `layout` says.
        unsafe {
            for (strand, rows) in read.strands.iter().enumerate() {
                layout.clear_margins(x);
                for frame in 0..FRAMES {
                    let features = &mut own[(strand * FRAMES + frame) * self.head.features()..];
                    let (x, mean) = (&mut x[layout.frame(frame)..], &mut features[self.mean_embedding()..]);
                    let rows = &rows[frame..];
                    self.table.stem::<I::Register, true>(rows, (0, layout.rows), x);
                    match self.table.storage() {
                        Storage::F32(table) => self.embeddings::<I::Register, _>(table, rows, read.tokens, mean),
                        Storage::I16(table) => self.embeddings::<I::Register, _>(table, rows, read.tokens, mean),
                    }
                }
                for block in &self.blocks {
                    block.forward::<I>(layout, x, transformed, products, &mut ahead[strand]);
                }
                let own = &mut own[strand * FRAMES * self.head.features()..];
                self.summarise::<I::Register>(layout, x, 0, own);
                let mut layout = layout;
                for (level, block) in self.coarse.iter().enumerate() {
                    layout = pool_rows::<I::Register>(layout, self.pool, x);
                    block.forward::<I>(layout, x, transformed, products, &mut ahead[strand]);
                    self.summarise::<I::Register>(layout, x, 1 + level, own);
                }
            }
        }
    }

    /// Where the mean embedding is among the features of a frame: after the mean and maximum of every level.
    fn mean_embedding(&self) -> usize {
        2 * self.channels * (1 + self.coarse.len())
    }

    /// Computes a level's features for each frame of a strand.
    #[inline(always)]
    unsafe fn summarise<R: Register>(&self, layout: Layout, x: &[f32], level: usize, features: &mut [f32]) {
        for frame in 0..FRAMES {
            let to = &mut features[frame * self.head.features() + 2 * self.channels * level..];
            // SAFETY: the caller's promises.
            unsafe { mean_and_max::<R>(&x[layout.frame(frame)..], layout.rows, layout.channels, to) }
        }
    }

    /// Computes the mean embedding of a frame from the table.
    #[inline(always)]
    unsafe fn embeddings<R: Register, T: Entries>(&self, table: &T, rows: &[u32], tokens: usize, mean: &mut [f32]) {
        for (first, registers) in parts(self.embedding / R::WIDTH, R::PANEL) {
            let first = first * R::WIDTH;
            // SAFETY: the caller's promises.
            unsafe {
                match registers {
                    1 => self.embedding_mean::<R, T, 1>(table, rows, tokens, first, mean),
                    2 if R::PANEL >= 2 => self.embedding_mean::<R, T, 2>(table, rows, tokens, first, mean),
                    3 if R::PANEL >= 3 => self.embedding_mean::<R, T, 3>(table, rows, tokens, first, mean),
                    _ => unreachable!("a panel has 1 to R::PANEL registers"),
                }
            }
        }
    }

    /// Computes the mean embedding of a frame's tokens.
    #[inline(always)]
    unsafe fn embedding_mean<R: Register, T: Entries, const N: usize>(
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
            let mut sums = [R::splat(0.0); N];
            for triple in 0..stem_outputs(tokens) {
                let row = |place: usize| rows[triple * STRIDE * FRAMES + place * FRAMES] as usize + at;
                let (a, b, c) = (row(0), row(1), row(2));
                for (n, sum) in sums.iter_mut().enumerate() {
                    let load = |at: usize| table.load::<R>(at + n * R::WIDTH);
                    let three = T::add::<R>(T::add::<R>(load(a), load(b)), load(c));
                    *sum = sum.add(table.floats::<R>(three, self.channels + first + n * R::WIDTH));
                }
            }
            for (n, sum) in sums.into_iter().enumerate() {
                sum.mul(R::splat(one_over(tokens))).store(to, first + n * R::WIDTH);
            }
        }
    }
}

/// The mean and the maximum of `rows` rows of `x`, channel by channel.
#[inline(always)]
unsafe fn mean_and_max<R: Register>(x: &[f32], rows: usize, channels: usize, to: &mut [f32]) {
    for channel in (0..channels).step_by(R::WIDTH) {
        // SAFETY: the caller's promises.
        unsafe {
            let mut sum = R::load(x, channel);
            let mut largest = sum;
            for row in 1..rows {
                let value = R::load(x, row * channels + channel);
                sum = sum.add(value);
                largest = largest.max(value);
            }
            sum.mul(R::splat(one_over(rows))).store(to, channel);
            largest.store(to, channels + channel);
        }
    }
}

/// Replaces the rows of each frame by means of `pool` neighbours. Rows beyond the end count as zeros. This works in
/// place because no row moves backwards. Returns the new layout.
///
/// # Safety
/// The CPU must have `I`'s instructions; `x` must hold `layout.len()` floats.
#[inline(always)]
unsafe fn pool_rows<R: Register>(layout: Layout, pool: usize, x: &mut [f32]) -> Layout {
    let Layout { channels, rows, .. } = layout;
    let coarser = Layout { rows: rows.div_ceil(pool), ..layout };
    for frame in 0..FRAMES {
        let (from, to) = (layout.frame(frame), coarser.frame(frame));
        for row in 0..coarser.rows {
            for channel in (0..channels).step_by(R::WIDTH) {
                // SAFETY: the caller's promises.
                unsafe {
                    let mut sum = R::load(x, from + row * pool * channels + channel);
                    for other in row * pool + 1..rows.min((row + 1) * pool) {
                        sum = sum.add(R::load(x, from + other * channels + channel));
                    }
                    sum.mul(R::splat(one_over(pool))).store(x, to + row * channels + channel);
                }
            }
        }
    }
    coarser.clear_margins(x);
    coarser
}
