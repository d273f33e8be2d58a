//! The network along the read: the stem by table, the levels up and down, and the fine layer. The
//! [`heads`](super::heads) then compute the logits.

use std::iter::Peekable;

use super::super::InstructionSet;
use super::super::aligned::{Aligned, LINE};
use super::super::dispatch::{self, Task};
use super::super::frames::layout::Layout;
use super::super::frames::linear::{Linear, pack, padded_inputs};
use super::super::frames::table::{Ahead, Columns, FRAMES, KERNEL, Table, VOCABULARY};
use super::super::frames::winograd::{BEYOND, SiluWith, WinogradBlock};
use super::super::gemm::{Nothing, Product, Rows};
use super::super::isa::Isa;
use super::super::packed::{Packed, parts};
use super::super::register::Register;
use super::ALL_FRAMES;
use super::activate::activate;
use super::grid::{groups, positions};
use super::groups::{pool, rows_of_groups, spread};
use super::heads::{self, Heads, LOGITS};
use super::meet::{self, Meet};
use super::shape::Shape;
use super::six::{Places, Six};
use crate::model::row::Row;

/// The number of positions that go through the levels together: rows of this many, or several shorter ones. A short row
/// alone would wait for the weights, which are larger than the first-level cache.
const POSITIONS_AT_ONCE: usize = 72;
/// The most positions of the fine layer at once. What lies between it and the logits then stays in the first-level
/// cache.
const BLOCK: usize = 18; // two tiles' rows with AVX-512, three with AVX2

/// The weights, laid out for the kernels. Rows and columns are padded with zeros to whole cache lines.
#[derive(Debug)]
pub(super) struct Network {
    channels: usize,
    table: Table,
    levels: Vec<Level>,
    fine: Packed,
    mix: Option<Mix>,
    heads: Heads,
}

/// A level with half as many positions as the one before.
#[derive(Debug)]
struct Level {
    up: WinogradBlock,
    /// The exchange between frames, with the bias of the convolution.
    meet: Meet,
    down: Linear,
}

/// The exchange between frames at the positions.
#[derive(Debug)]
struct Mix {
    own: Packed,
    meet: Meet,
}

/// Working memory. It is reused from row to row, and grows to fit the longest.
#[derive(Debug, Default)]
pub struct Scratch {
    batch: Lookup,
    next: Lookup,
    workspace: Workspace,
}

/// The table rows of the tokens of a few rows, all with the same number of positions.
#[derive(Debug, Default)]
struct Lookup {
    positions: usize,
    reads: usize,
    /// For each read, by place: the row, then its reverse complement.
    rows: Vec<u32>,
}

/// Working memory of a forward pass.
#[derive(Debug, Default)]
struct Workspace {
    /// The outputs of the stem, ordered by read and frame.
    fine: Aligned,
    levels: Vec<Aligned>,
    /// The output of a level before it is spread to the next.
    coarse: Aligned,
    heard: Aligned,
    met: meet::Room,
    transformed: Aligned,
    products: Aligned,
    block: Block,
    /// The logits of all positions, ordered by read.
    logits: Vec<f32>,
}

/// Working memory for some positions of a read.
#[derive(Debug, Default)]
struct Block {
    /// The input from the levels, ordered by frame; then what is mixed into the fine layer.
    down: Aligned,
    /// The outputs of the fine layer, before and after mixing.
    h: Aligned,
    mixed: Aligned,
    met: meet::Room,
    heads: heads::Room,
}

/// Computes the logits of a few rows.
struct Forward<'a> {
    network: &'a Network,
    batch: &'a Lookup,
    workspace: &'a mut Workspace,
    /// The rows after these. They are looked up early, so that their table rows can be prefetched.
    next: (&'a [Row<'a>], &'a mut Lookup),
}

/// The rows must be looked up in the network's table, and the workspace have room.
impl Task for Forward<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<I: Isa>(self) {
        let Self { network, batch, workspace, next: (rows, next) } = self;
        network.look_up(rows, next);
        let mut ahead = network.table.ahead(&next.rows);
        // SAFETY: the caller's CPU has the instructions; `Network::each` looked up the rows and made room.
        unsafe {
            network.up::<I>(batch, workspace, &mut ahead);
            network.down::<I>(batch, workspace);
            for read in 0..batch.reads {
                network.fine::<I>(batch, read, workspace);
            }
        }
    }
}

impl Network {
    pub(super) fn new<E>(
        shape: Shape,
        instructions: InstructionSet,
        mut tensor: impl FnMut(&str, &[usize]) -> Result<Vec<f32>, E>,
    ) -> Result<Self, E> {
        let Shape { embedding: e, channels: c, levels, mix } = shape;
        let packing = dispatch::packings(instructions).f32s;
        let mut tensor = |name: &str, shape: &[usize]| {
            let values = tensor(name, shape)?;
            assert_eq!(values.len(), shape.iter().product::<usize>(), "{name} has another shape");
            Ok(values)
        };
        let channels = c.next_multiple_of(LINE);
        let square = |weight: &[f32]| pack(weight, c, &padded_inputs(&[c]), packing);
        let embeddings = tensor("embedding.weight", &[VOCABULARY, e])?;
        let stem = tensor("stem.weight", &[c, e, KERNEL])?;
        let stem_bias = tensor("stem.bias", &[c])?;
        let table = Table::new(&embeddings, (&stem, &stem_bias), Columns::Stem);
        let each = (0..levels).map(|level| {
            let up = tensor(&format!("up.{level}.weight"), &[c, c, 3])?;
            let heard = tensor(&format!("up.{level}.meet"), &[c, 3 * c])?;
            let bias = tensor(&format!("up.{level}.bias"), &[c])?;
            let down = tensor(&format!("down.{level}.weight"), &[c, c])?;
            // The bias of the fine layer is added with the first level.
            let down_bias = if level == 0 { tensor("fine.bias", &[c])? } else { vec![0.0; c] };
            Ok(Level {
                up: WinogradBlock::new(&up, &vec![0.0; c], channels, packing),
                meet: Meet::new(&heard, &bias, packing),
                down: Linear::new(&down, &down_bias, &padded_inputs(&[c]), packing),
            })
        });
        let each = each.collect::<Result<Vec<_>, E>>()?;
        let fine = square(&tensor("fine.weight", &[c, c, 1])?);
        let mix = if mix {
            let own = square(&tensor("mix.own", &[c, c])?);
            let (heard, bias) = (tensor("mix.meet", &[c, 3 * c])?, tensor("mix.bias", &[c])?);
            Some(Mix { own, meet: Meet::new(&heard, &bias, packing) })
        } else {
            None
        };
        let heads = Heads::new(shape, packing, tensor)?;
        Ok(Self { channels, table, levels: each, fine, mix, heads })
    }

    /// Computes the logits of each of `rows` with `instructions`, and passes them to `then` in order.
    ///
    /// # Safety
    /// The CPU must support `instructions`, and the network must have been made for them.
    pub(super) unsafe fn each<'a>(
        &self,
        instructions: InstructionSet,
        rows: impl IntoIterator<Item = Row<'a>>,
        scratch: &mut Scratch,
        mut then: impl FnMut(&[f32]),
    ) {
        let mut rows = rows.into_iter().peekable();
        let Scratch { batch, next, workspace } = scratch;
        let mut following = Vec::new();
        take(&mut rows, &mut following);
        self.look_up(&following, batch);
        while batch.reads > 0 {
            take(&mut rows, &mut following);
            self.make_room(batch, workspace);
            let forward = Forward { network: self, batch, workspace, next: (&following, next) };
            // SAFETY: the caller's promise.
            unsafe { dispatch::run(instructions, forward) };
            workspace.logits[..LOGITS * batch.reads * batch.positions]
                .chunks_exact(LOGITS * batch.positions)
                .for_each(&mut then);
            std::mem::swap(batch, next);
        }
    }

    /// Looks up rows that all have the same number of positions.
    #[inline(always)]
    fn look_up(&self, rows: &[Row<'_>], lookup: &mut Lookup) {
        lookup.rows.clear();
        lookup.reads = rows.len();
        lookup.positions = rows.first().map_or(0, |&row| positions(row));
        for row in rows {
            self.table.look_up_positions((row.ids, row.before), lookup.positions, &mut lookup.rows);
        }
    }

    /// The levels of a few rows: the number of positions of the level below, and the layout of its own rows.
    fn layouts(&self, batch: &Lookup) -> impl Iterator<Item = (usize, Layout)> + use<> {
        let (channels, strands) = (self.channels, 2 * batch.reads);
        let mut below = batch.positions;
        (0..self.levels.len()).map(move |_| {
            let rows = groups(below);
            let level = (below, Layout { channels, rows, strands });
            below = rows;
            level
        })
    }

    fn make_room(&self, batch: &Lookup, workspace: &mut Workspace) {
        let (channels, all) = (self.channels, batch.reads * batch.positions);
        let Workspace { fine, levels, coarse, heard, met, transformed, products, block, logits } = workspace;
        fine.reserve(ALL_FRAMES * all * channels);
        levels.resize_with(self.levels.len(), Aligned::default);
        for ((_, layout), level) in self.layouts(batch).zip(levels) {
            level.reserve(layout.len());
            for of_level in [&mut *coarse, &mut *heard] {
                of_level.reserve(layout.len());
            }
            met.reserve(batch.reads * layout.rows, channels);
            transformed.reserve(layout.transformed());
            products.reserve(layout.transformed());
        }
        if logits.len() < LOGITS * all {
            logits.resize(LOGITS * all, 0.0);
        }
        let Block { down, h, mixed, met, heads } = block;
        for of_frames in [down, h, mixed] {
            of_frames.reserve(ALL_FRAMES * BLOCK * channels);
        }
        met.reserve(BLOCK, channels);
        Heads::make_room(BLOCK, channels, heads);
    }

    /// Where the frames of a read with `positions` rows lie if they follow each other without gaps.
    fn dense(&self, positions: usize, read: usize) -> Places {
        std::array::from_fn(|frame| (ALL_FRAMES * read + frame) * positions * self.channels)
    }

    /// Computes the stem and the levels.
    ///
    /// # Safety
    /// As for [`Forward`].
    #[inline(always)]
    unsafe fn up<I: Isa>(&self, batch: &Lookup, workspace: &mut Workspace, ahead: &mut Ahead<'_>) {
        let Workspace { fine, levels, heard, met, transformed, products, .. } = workspace;
        // SAFETY: the caller's promises.
        unsafe {
            self.stem::<I>(batch, fine, &mut levels[0]);
            for (number, (positions, layout)) in self.layouts(batch).enumerate() {
                let (finer, own) = levels.split_at_mut(number);
                let (level, x) = (&self.levels[number], &mut own[0]);
                if let Some(finer) = finer.last() {
                    let below = Layout { rows: positions, ..layout };
                    for read in 0..batch.reads {
                        pool::<I::Register>(six(finer, below, read), x, places(layout, read));
                    }
                }
                layout.clear_margins(x);
                for read in 0..batch.reads {
                    met.take::<I::Register>(read * layout.rows, six(x, layout, read));
                }
                level.meet.multiply::<I>(batch.reads * layout.rows, self.channels, met);
                for read in 0..batch.reads {
                    let rows = (read * layout.rows, layout.rows);
                    met.give::<I::Register>(rows, self.channels, heard, places(layout, read));
                }
                layout.fill_margins(heard, BEYOND);
                // The table rows of the next rows are fetched here, where there are enough steps.
                level.up.forward::<I>(layout, (x, SiluWith(heard)), (transformed, products), ahead);
            }
        }
    }

    /// Computes the stem of each read, and its means for the first level.
    ///
    /// # Safety
    /// As for [`Forward`].
    #[inline(always)]
    unsafe fn stem<I: Isa>(&self, batch: &Lookup, fine: &mut [f32], level: &mut [f32]) {
        let (positions, channels) = (batch.positions, self.channels);
        let (_, layout) = self.layouts(batch).next().expect("there is a level");
        let strand = batch.rows.len() / (2 * batch.reads);
        for read in 0..batch.reads {
            let frames = self.dense(positions, read);
            // SAFETY: the caller's promises.
            unsafe {
                for (frame, &to) in frames.iter().enumerate() {
                    let rows = &batch.rows[(2 * read + frame / FRAMES) * strand + frame % FRAMES..];
                    self.table.stem::<I::Register, false>(rows, (1, positions), &mut fine[to..]);
                }
                activate::<I::Register>(&mut fine[frames[0]..], ALL_FRAMES * positions, channels);
                pool::<I::Register>(Six { x: fine, frames, positions, channels }, level, places(layout, read));
            }
        }
    }

    /// Goes from the last level back to what is spread to the positions.
    ///
    /// # Safety
    /// As for [`Forward`].
    #[inline(always)]
    unsafe fn down<I: Isa>(&self, batch: &Lookup, workspace: &mut Workspace) {
        let stride = self.channels;
        let Workspace { levels, coarse, .. } = workspace;
        for (level, own) in self.levels.iter().enumerate().rev() {
            let (finer, x) = levels.split_at_mut(level);
            let (below, layout) = self.layouts(batch).nth(level).expect("a layout for each level");
            let (first, rows) = (layout.frame(0), layout.between_margins());
            // SAFETY: the caller's promises.
            unsafe {
                let sink = &mut Rows { to: &mut coarse[first..], stride };
                own.down.product::<I>((&x[0][first..], stride), rows, &mut Nothing, sink);
                if let Some(finer) = finer.last_mut() {
                    let to = Layout { rows: below, ..layout };
                    for read in 0..batch.reads {
                        spread::<I::Register>(six(coarse, layout, read), below, finer, places(to, read));
                    }
                }
            }
        }
    }

    /// Computes the fine layer, with the exchange if the network has it, and the logits, for a few positions at a time.
    ///
    /// # Safety
    /// As for [`Forward`].
    #[inline(always)]
    unsafe fn fine<I: Isa>(&self, batch: &Lookup, read: usize, workspace: &mut Workspace) {
        let (stride, positions) = (self.channels, batch.positions);
        let Workspace { fine, coarse, block, logits, .. } = workspace;
        let (_, layout) = self.layouts(batch).next().expect("there is a level");
        let (all, groups) = (self.dense(positions, read), places(layout, read));
        for (first, count) in parts(positions, BLOCK) {
            let Block { down, h, .. } = &mut *block;
            let frames = self.dense(count, 0);
            // SAFETY: the caller's promises.
            unsafe {
                for (frame, &to) in frames.iter().enumerate() {
                    let first = if frame < FRAMES { first } else { positions - first - count };
                    let wanted = (positions, first..first + count);
                    rows_of_groups::<I::Register>(&coarse[groups[frame]..], stride, wanted, &mut down[to..]);
                    let from = &fine[all[frame] + first * stride..];
                    let (start, weights) = (&down[to..], &self.fine);
                    let product = Product { from, stride, rows: count, weights, start, start_stride: stride };
                    I::product(product, &mut Nothing, &mut Rows { to: &mut h[to..], stride });
                }
                activate::<I::Register>(h, ALL_FRAMES * count, stride);
                if let Some(mix) = &self.mix {
                    mix.forward::<I>(block, stride, count, frames);
                }
                let Block { h, heads, .. } = &mut *block;
                let logits = &mut logits[LOGITS * (read * positions + first)..][..LOGITS * count];
                self.heads.forward::<I>(Six { x: h, frames, positions: count, channels: stride }, heads, logits);
            }
        }
    }
}

impl Mix {
    /// Mixes `positions` positions of the block.
    ///
    /// # Safety
    /// The CPU must have `I`'s instructions; the block must hold the positions, whose `frames` follow each other.
    #[inline(always)]
    unsafe fn forward<I: Isa>(&self, block: &mut Block, stride: usize, positions: usize, frames: Places) {
        let Block { down, h, mixed, met, .. } = block;
        let rows = ALL_FRAMES * positions;
        // SAFETY: the caller's promises.
        unsafe {
            met.take::<I::Register>(0, Six { x: h, frames, positions, channels: stride });
            self.meet.multiply::<I>(positions, stride, met);
            met.give::<I::Register>((0, positions), stride, down, frames);
            let product = Product { from: h, stride, rows, weights: &self.own, start: down, start_stride: stride };
            I::product(product, &mut Nothing, &mut Rows { to: mixed, stride });
            activate::<I::Register>(mixed, rows, stride);
            add::<I::Register>(mixed, h, rows * stride);
        }
    }
}

/// Takes the next few rows with the same number of positions; none if there are none.
fn take<'a>(rows: &mut Peekable<impl Iterator<Item = Row<'a>>>, few: &mut Vec<Row<'a>>) {
    few.clear();
    let Some(all) = rows.peek().map(|&row| positions(row)) else { return };
    let most = (POSITIONS_AT_ONCE / all).max(1);
    while few.len() < most
        && let Some(row) = rows.next_if(|&row| positions(row) == all)
    {
        few.push(row);
    }
}

/// Where the frames of a read lie on a level.
fn places(layout: Layout, read: usize) -> Places {
    std::array::from_fn(|frame| layout.frame(ALL_FRAMES * read + frame))
}

/// The frames of a read on a level.
fn six(x: &[f32], layout: Layout, read: usize) -> Six<'_> {
    Six { x, frames: places(layout, read), positions: layout.rows, channels: layout.channels }
}

/// Adds the first `len` numbers of `x` to those of `to`.
///
/// # Safety
/// The CPU must have `R`'s instructions; both must hold so many.
#[inline(always)]
unsafe fn add<R: Register>(x: &[f32], to: &mut [f32], len: usize) {
    for at in (0..len).step_by(R::WIDTH) {
        // SAFETY: the caller's promises.
        unsafe { R::load(to, at).add(R::load(x, at)).store(to, at) }
    }
}
