//! Divides a matrix product into blocks of tiles.

use std::cell::Cell;

use super::super::aligned::Aligned;
use super::super::gemm::{Finished, Product, Sink};
use super::super::packed::parts;
use super::super::register::Register;
use super::unit::{Block, Numbers, ROWS, SUMS_STRIDE, TileUnit, WORDS};

/// The number of words in the sums of a block.
const SUMS: usize = 2 * ROWS * SUMS_STRIDE;
/// The most words in the rows of a product. Rows are read once for every two panels of weights, so they should stay in
/// the second-level cache beside everything else there. Longer rows are cut into parts of at most half as many words.
pub(in super::super) const WORDS_AT_ONCE: usize = 256 << 10;

thread_local! {
    /// The sums of unfinished blocks.
    static UNFINISHED: Cell<Aligned> = const { Cell::new(Aligned::new()) };
}

/// Computes a [`Product`] whose weights are packed in panels of sixteen words, with whole steps of words in each row.
///
/// # Safety
/// The CPU must have `R`'s instructions and the unit, and the process the permission to use it.
#[inline(always)]
pub(in super::super) unsafe fn product<R: Register, U: TileUnit>(
    numbers: Numbers,
    product: Product<'_>,
    sink: &mut impl Sink,
) {
    let Product { from, stride, rows, weights, start, start_stride } = product;
    let (k, columns) = (weights.k(), weights.columns());
    let (per_step, weights_per_step) = (numbers.words_per_step(), numbers.weights_per_step());
    let all_steps = k / weights_per_step; // zeros may be left
    let words = all_steps * per_step;
    assert!(rows > 0 && from.len() >= (rows - 1) * stride + words, "rows of the left matrix are missing");
    assert!(start.len() >= (rows - 1) * start_stride + columns, "rows to start from are missing");
    assert!(weights.panels().len() >= k * columns, "weights are missing");
    sink.check(rows, columns);
    let blocks = Blocks::new(rows);
    // SAFETY: the caller's promises; the height is 1 to `ROWS`.
    unsafe { U::configure(blocks.height) };
    let steps_at_once = match rows * words {
        0..=WORDS_AT_ONCE => all_steps,
        words => all_steps.div_ceil(words.div_ceil(WORDS_AT_ONCE / 2)),
    };
    let mut sums = UNFINISHED.take();
    sums.reserve(SUMS * if steps_at_once < all_steps { columns.div_ceil(2 * WORDS) * blocks.count } else { 1 });
    for (first_step, steps) in parts(all_steps, steps_at_once) {
        let (is_first, is_last) = (first_step == 0, first_step + steps == all_steps);
        let mut place = 0;
        for column in (0..columns).step_by(2 * WORDS) {
            let panels = ((columns - column) / WORDS).min(2);
            // A single last panel is multiplied twice.
            let offsets = [column, column + (panels - 1) * WORDS];
            let first_weight = first_step * weights_per_step * WORDS;
            let panel = |at: usize| weights.panels()[at * k + first_weight..].as_ptr();
            let next = weights.panels().as_ptr().wrapping_add((column + panels * WORDS) * k + first_weight);
            for number in 0..blocks.count {
                let (first, lower) = (blocks.first(number), blocks.lower());
                let sums = &mut sums[place..place + SUMS];
                let row = |row: usize| from[row * stride + first_step * per_step..].as_ptr();
                let block = Block {
                    start: start_of(is_first, sums, 0, offsets.map(|at| &start[first * start_stride + at..])),
                    lower_start: start_of(
                        is_first,
                        sums,
                        lower,
                        offsets.map(|at| &start[(first + lower) * start_stride + at..]),
                    ),
                    start_stride: size_of::<f32>() * if is_first { start_stride } else { SUMS_STRIDE },
                    rows: [row(first), row(first + lower)],
                    stride: stride * size_of::<f32>(),
                    panels: offsets.map(panel),
                    steps,
                    sums: [sums.as_mut_ptr(), sums[lower * SUMS_STRIDE..].as_mut_ptr()],
                    next: next.wrapping_add(number * steps * numbers.words_prefetched_per_step()),
                };
                // SAFETY: the caller's promises. Rows, weights and starts are within the slices, see above; the sums have
                // room for two tiles of `ROWS` rows.
                unsafe { U::multiply(numbers, &block) };
                if is_last {
                    let rows = blocks.own(number);
                    let sums = &mut sums[(rows.start - first) * SUMS_STRIDE..];
                    let columns = column..column + panels * WORDS;
                    // SAFETY: the caller's promise; the sink has room for all rows and columns.
                    unsafe { sink.put_block::<R>(Finished { rows, columns, sums, stride: SUMS_STRIDE }) };
                }
                if steps_at_once < all_steps {
                    place += SUMS;
                }
            }
        }
    }
    UNFINISHED.set(sums);
}

/// Where a block's sums start, with a row of words for each panel: at the product's start, or at the sums so far.
fn start_of(is_first: bool, sums: &[f32], row: usize, starts: [&[f32]; 2]) -> [*const f32; 2] {
    if is_first { starts.map(<[f32]>::as_ptr) } else { [0, WORDS].map(|at| sums[row * SUMS_STRIDE + at..].as_ptr()) }
}

/// Rows, divided into as few blocks of tiles as possible, with tiles as even as possible.
#[derive(Clone, Copy)]
struct Blocks {
    rows: usize,
    count: usize,
    /// The number of rows in a tile.
    height: usize,
}

impl Blocks {
    fn new(rows: usize) -> Self {
        let count = rows.div_ceil(2 * ROWS);
        Self { rows, count, height: rows.div_ceil(2 * count) }
    }

    /// The first row of a block. The last block may repeat rows of the previous one.
    fn first(self, block: usize) -> usize {
        (block * 2 * self.height).min(self.rows.saturating_sub(2 * self.height))
    }

    /// The first row of the lower tiles, within a block. They may repeat rows of the upper ones.
    fn lower(self) -> usize {
        self.rows.min(2 * self.height) - self.height
    }

    /// The rows that only this block computes.
    fn own(self, block: usize) -> std::ops::Range<usize> {
        block * 2 * self.height..((block + 1) * 2 * self.height).min(self.rows)
    }
}
