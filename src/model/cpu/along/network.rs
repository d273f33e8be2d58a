//! The network along the read: the stem by table, levels up and down, and the fine layer. The [`heads`](super::heads) then give
//! the logits.

use super::super::InstructionSet;
use super::super::aligned::{Aligned, LINE};
use super::super::dispatch::{self, Task};
use super::super::frames::layout::Layout;
use super::super::frames::linear::{Linear, pack, padded_inputs};
use super::super::frames::table::{Ahead, Columns, FRAMES, KERNEL, Table, VOCABULARY};
use super::super::frames::winograd::{BEYOND, SiluWith, WinogradBlock};
use super::super::gemm::{Nothing, Product, Rows};
use super::super::isa::Isa;
use super::super::packed::Packed;
use super::super::register::Register;
use super::ALL_FRAMES;
use super::activate::activate;
use super::grid::{groups, positions};
use super::groups::{Places, pool, spread};
use super::heads::{Heads, Room};
use super::meet::Six;
use super::shape::Shape;
use super::sinks::ForEachFrame;
use crate::model::row::Row;

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

/// A level of half as many positions.
#[derive(Debug)]
struct Level {
    up: WinogradBlock,
    /// What the frames hear of each other, with the convolution's bias.
    meet: Linear,
    down: Linear,
}

/// The frames meet once more at the positions.
#[derive(Debug)]
struct Mix {
    own: Packed,
    meet: Linear,
}

/// Working memory. It is reused from row to row, and grows with the longest.
#[derive(Debug, Default)]
pub struct Scratch {
    read: Lookup,
    next: Lookup,
    workspace: Workspace,
}

/// Where in the table a row's tokens are.
#[derive(Debug, Default)]
struct Lookup {
    positions: usize,
    /// By place, for the row and for its reverse complement.
    rows: Vec<u32>,
}

/// Working memory of a forward pass.
#[derive(Debug, Default)]
struct Workspace {
    /// The stem's outputs, frame after frame.
    fine: Aligned,
    /// What comes down to the positions, laid out alike; then what the fine layer is mixed with.
    down: Aligned,
    /// The fine layer's outputs, and after mixing.
    h: Aligned,
    mixed: Aligned,
    levels: Vec<Aligned>,
    /// What comes down from a level before it is spread.
    coarse: Aligned,
    met: Aligned,
    heard: Aligned,
    transformed: Aligned,
    products: Aligned,
    heads: Room,
}

/// Computes the logits of a row.
struct Forward<'a> {
    network: &'a Network,
    read: &'a Lookup,
    workspace: &'a mut Workspace,
    /// The row after this one, if there is one. It is looked up early, so that its table rows can be prefetched.
    next: (Option<Row<'a>>, &'a mut Lookup),
}

/// The row must be looked up in the network's table, and the workspace have room.
impl Task for Forward<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<I: Isa>(self) {
        let Self { network, read, workspace, next: (row, next) } = self;
        network.look_up(row, next);
        let mut ahead = network.table.ahead(&next.rows);
        // SAFETY: the caller's CPU has the instructions; `Network::each` looked up the row and made room.
        unsafe {
            network.up::<I>(read, workspace, &mut ahead);
            network.down::<I>(read.positions, workspace);
            network.fine::<I>(read.positions, workspace);
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
        let meet = |weight: &[f32], bias: &[f32]| Linear::new(weight, bias, &padded_inputs(&[c; 3]), packing);
        let embeddings = tensor("embedding.weight", &[VOCABULARY, e])?;
        let stem = tensor("stem.weight", &[c, e, KERNEL])?;
        let stem_bias = tensor("stem.bias", &[c])?;
        let table = Table::new(&embeddings, (&stem, &stem_bias), Columns::Stem);
        let each = (0..levels).map(|level| {
            let up = tensor(&format!("up.{level}.weight"), &[c, c, 3])?;
            let heard = tensor(&format!("up.{level}.meet"), &[c, 3 * c])?;
            let bias = tensor(&format!("up.{level}.bias"), &[c])?;
            let down = tensor(&format!("down.{level}.weight"), &[c, c])?;
            // The fine layer's bias comes down with the first level.
            let down_bias = if level == 0 { tensor("fine.bias", &[c])? } else { vec![0.0; c] };
            Ok(Level {
                up: WinogradBlock::new(&up, &vec![0.0; c], channels, packing),
                meet: meet(&heard, &bias),
                down: Linear::new(&down, &down_bias, &padded_inputs(&[c]), packing),
            })
        });
        let each = each.collect::<Result<Vec<_>, E>>()?;
        let fine = square(&tensor("fine.weight", &[c, c, 1])?);
        let mix = if mix {
            let own = square(&tensor("mix.own", &[c, c])?);
            let (heard, bias) = (tensor("mix.meet", &[c, 3 * c])?, tensor("mix.bias", &[c])?);
            Some(Mix { own, meet: meet(&heard, &bias) })
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
        let mut rows = rows.into_iter();
        let Scratch { read, next, workspace } = scratch;
        let mut row = rows.next();
        self.look_up(row, read);
        while row.is_some() {
            row = rows.next();
            self.make_room(read.positions, workspace);
            let forward = Forward { network: self, read, workspace, next: (row, next) };
            // SAFETY: the caller's promise.
            unsafe { dispatch::run(instructions, forward) };
            then(&workspace.heads.logits);
            std::mem::swap(read, next);
        }
    }

    /// Looks up a row; nothing where there is none.
    #[inline(always)]
    fn look_up(&self, row: Option<Row<'_>>, lookup: &mut Lookup) {
        let Some(row) = row else { return lookup.rows.clear() };
        lookup.positions = positions(row);
        self.table.look_up_positions((row.ids, row.before), lookup.positions, &mut lookup.rows);
    }

    /// The levels of a row of so many positions: how many positions the one below has, and how the rows of its own lie.
    fn layouts(&self, positions: usize) -> impl Iterator<Item = (usize, Layout)> + use<> {
        let channels = self.channels;
        let mut below = positions;
        (0..self.levels.len()).map(move |_| {
            let rows = groups(below);
            let level = (below, Layout { channels, rows, strands: 2 });
            below = rows;
            level
        })
    }

    fn make_room(&self, positions: usize, workspace: &mut Workspace) {
        let all = ALL_FRAMES * positions * self.channels;
        let Workspace { fine, down, h, mixed, levels, coarse, met, heard, transformed, products, heads } = workspace;
        for of_positions in [fine, down, h, &mut *mixed] {
            of_positions.reserve(all);
        }
        // Meeting at the positions needs as much room as three frames of each strand.
        met.reserve(all);
        levels.resize_with(self.levels.len(), Aligned::default);
        for ((_, layout), level) in self.layouts(positions).zip(levels) {
            level.reserve(layout.len());
            for of_level in [&mut *coarse, &mut *heard] {
                of_level.reserve(layout.len());
            }
            transformed.reserve(layout.transformed());
            products.reserve(layout.transformed());
        }
        Heads::make_room(positions, self.channels, heads);
    }

    /// Where the frames of `positions` rows lie that follow each other.
    fn dense(&self, positions: usize) -> Places {
        std::array::from_fn(|frame| frame * positions * self.channels)
    }

    /// The stem and the levels.
    ///
    /// # Safety
    /// As for [`Forward`].
    #[inline(always)]
    unsafe fn up<I: Isa>(&self, read: &Lookup, workspace: &mut Workspace, ahead: &mut Ahead<'_>) {
        let channels = self.channels;
        let Workspace { fine, levels, met, heard, transformed, products, .. } = workspace;
        let mut frames = self.dense(read.positions);
        let strand = read.rows.len() / 2;
        // SAFETY: the caller's promises.
        unsafe {
            for (frame, &to) in frames.iter().enumerate() {
                let rows = &read.rows[frame / FRAMES * strand + frame % FRAMES..];
                self.table.stem::<I::Register, false>(rows, (1, read.positions), &mut fine[to..]);
            }
            activate::<I::Register>(fine, ALL_FRAMES * read.positions, channels);
            let mut below: &[f32] = fine;
            for ((level, x), (positions, layout)) in self.levels.iter().zip(levels).zip(self.layouts(read.positions)) {
                let own: Places = std::array::from_fn(|frame| layout.frame(frame));
                let six = Six { x: below, frames, positions, channels };
                pool::<I::Register>(six, x, own);
                layout.clear_margins(x);
                let six = Six { x, frames: own, positions: layout.rows, channels };
                six.heard::<I::Register>(met);
                let sink = &mut ForEachFrame { to: heard, stride: channels, frames: own, rows: layout.rows };
                level.meet.product::<I>((met, 3 * channels), 2 * layout.rows, &mut Nothing, sink);
                layout.fill_margins(heard, BEYOND);
                // The next row's table rows are fetched here: there are steps enough.
                level.up.forward::<I>(layout, (x, SiluWith(heard)), (transformed, products), ahead);
                (below, frames) = (x, own);
            }
        }
    }

    /// From the last level back to the positions.
    ///
    /// # Safety
    /// As for [`Forward`].
    #[inline(always)]
    unsafe fn down<I: Isa>(&self, positions: usize, workspace: &mut Workspace) {
        let channels = self.channels;
        let Workspace { down, levels, coarse, .. } = workspace;
        for (level, own) in self.levels.iter().enumerate().rev() {
            let (finer, x) = levels.split_at_mut(level);
            let (below, layout) = self.layouts(positions).nth(level).expect("a layout for each level");
            let first = layout.frame(0);
            let (from, rows) = (&x[0][first..], layout.between_margins());
            let frames = std::array::from_fn(|frame| layout.frame(frame));
            // SAFETY: the caller's promises.
            unsafe {
                let sink = &mut Rows { to: &mut coarse[first..], stride: channels };
                own.down.product::<I>((from, channels), rows, &mut Nothing, sink);
                let six = Six { x: coarse, frames, positions: layout.rows, channels };
                match finer.last_mut() {
                    Some(finer) => {
                        let (_, layout) = self.layouts(positions).nth(level - 1).expect("a layout for each level");
                        let to = std::array::from_fn(|frame| layout.frame(frame));
                        spread::<I::Register, true>(six, below, finer, to);
                    }
                    None => spread::<I::Register, false>(six, below, down, self.dense(positions)),
                }
            }
        }
    }

    /// The fine layer, mixing where the network has it, and the logits.
    ///
    /// # Safety
    /// As for [`Forward`].
    #[inline(always)]
    unsafe fn fine<I: Isa>(&self, positions: usize, workspace: &mut Workspace) {
        let (stride, rows) = (self.channels, ALL_FRAMES * positions);
        let Workspace { fine, down, h, mixed, met, heads, .. } = workspace;
        let frames = self.dense(positions);
        // SAFETY: the caller's promises.
        unsafe {
            let product = Product { from: fine, stride, rows, weights: &self.fine, start: down, start_stride: stride };
            I::product(product, &mut Nothing, &mut Rows { to: h, stride });
            activate::<I::Register>(h, rows, stride);
            if let Some(mix) = &self.mix {
                Six { x: h, frames, positions, channels: stride }.heard::<I::Register>(met);
                let heard = &mut ForEachFrame { to: down, stride, frames, rows: positions };
                mix.meet.product::<I>((met, 3 * stride), 2 * positions, &mut Nothing, heard);
                let product = Product { from: h, stride, rows, weights: &mix.own, start: down, start_stride: stride };
                I::product(product, &mut Nothing, &mut Rows { to: mixed, stride });
                activate::<I::Register>(mixed, rows, stride);
                add::<I::Register>(mixed, h, rows * stride);
            }
            self.heads.forward::<I>(Six { x: h, frames, positions, channels: stride }, heads);
        }
    }
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
