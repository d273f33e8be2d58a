//! Matrix products: rows multiplied by a packed weight matrix.
//!
//! Matrices hold 32-bit words: one f32, two bf16 or four bytes. [`Multiply`] multiplies words. A [`Sink`] takes each
//! finished number while it is still in a register.

use std::ops::Range;

use super::aligned::LINE;
use super::packed::{Packed, parts};
use super::register::Register;

/// A product: `start` plus `rows` rows of `from` times `weights`. Strides are in words. With a `start_stride` of 0, all
/// rows start from the same row, a bias.
#[derive(Clone, Copy)]
pub(super) struct Product<'a> {
    pub(super) from: &'a [f32],
    pub(super) stride: usize,
    pub(super) rows: usize,
    pub(super) weights: &'a Packed,
    pub(super) start: &'a [f32],
    pub(super) start_stride: usize,
}

impl Product<'_> {
    /// What will be read after the tile of `count` rows from `row` on. `panel` is the one after this tile's.
    fn upcoming(&self, panel: &[f32], row: usize, count: usize) -> Upcoming {
        let next = if row + count < self.rows { row + count } else { 0 };
        let [start, end] = [row, row + count].map(|row| panel.len() / LINE * row / self.rows);
        Upcoming {
            weights: panel[start * LINE..].as_ptr(),
            weight_lines: end - start,
            weight_lines_per_fetch: (end - start).div_ceil(self.weights.k().div_ceil(LINE)),
            rows: self.from[next * self.stride..].as_ptr(),
            stride: self.stride,
            count: count.min(self.rows - next),
        }
    }
}

/// How words are multiplied.
pub(super) trait Multiply {
    /// The most rows of a tile, indexed by its registers of columns minus one.
    fn rows<R: Register>() -> [usize; 3] {
        R::ROWS
    }

    /// Returns `sum` plus the products of the words of `value` and `weight`.
    ///
    /// # Safety
    /// The CPU must have `R`'s instructions.
    unsafe fn step<R: Register>(value: R, weight: R, sum: R) -> R;
}

/// Words of one f32.
pub(super) struct Singles;

impl Multiply for Singles {
    #[inline(always)]
    unsafe fn step<R: Register>(value: R, weight: R, sum: R) -> R {
        // SAFETY: the caller's CPU has the instructions.
        unsafe { value.mul_add(weight, sum) }
    }
}

/// Words of two bf16, with sums in f32.
#[cfg_attr(not(any(target_arch = "x86_64", target_arch = "aarch64")), allow(dead_code))] // no other register has an instruction for it
pub(super) struct Bf16s;

impl Multiply for Bf16s {
    #[inline(always)]
    unsafe fn step<R: Register>(value: R, weight: R, sum: R) -> R {
        // SAFETY: the caller's CPU has the instructions.
        unsafe { value.dot_bf16s(weight, sum) }
    }
}

/// Words of four bytes, unsigned on the left and signed in the weights, with sums in integers.
pub(super) struct Bytes;

impl Multiply for Bytes {
    #[inline(always)]
    unsafe fn step<R: Register>(value: R, weight: R, sum: R) -> R {
        // SAFETY: the caller's CPU has the instructions.
        unsafe { value.dot_bytes(weight, sum) }
    }
}

/// [`Bytes`] whose weights are within +-[`SMALL`]. A CPU without an instruction for bytes multiplies these faster.
pub(super) struct SmallBytes;

/// The largest such weight: the sum of two products with a byte then fits into sixteen bits.
pub(super) const SMALL: f32 = 63.0;

impl Multiply for SmallBytes {
    fn rows<R: Register>() -> [usize; 3] {
        R::ROWS_OF_SMALL_BYTES
    }

    #[inline(always)]
    unsafe fn step<R: Register>(value: R, weight: R, sum: R) -> R {
        // SAFETY: the caller's CPU has the instructions.
        unsafe { value.dot_small_bytes(weight, sum) }
    }
}

/// Takes the numbers of a product.
pub(super) trait Sink {
    /// Whether the sink needs no registers of its own. The numbers of a tile then go there directly from their
    /// registers.
    const PLAIN: bool;

    /// Panics unless there is room for this many rows and columns.
    fn check(&self, rows: usize, columns: usize);

    /// Takes a register of finished numbers.
    ///
    /// # Safety
    /// The CPU must have `R`'s instructions; `row` and `column + R::WIDTH` must be within what was checked.
    unsafe fn put<R: Register>(&mut self, row: usize, column: usize, sum: R);

    /// Takes a block of finished numbers, which it may overwrite.
    ///
    /// # Safety
    /// The CPU must have `R`'s instructions. The block must be within what was checked, and be whole registers wide.
    #[inline(always)]
    unsafe fn put_block<R: Register>(&mut self, block: Finished<'_>) {
        let Finished { rows, columns, sums, stride } = block;
        for (row, sums) in rows.zip(sums.chunks(stride)) {
            for (at, column) in columns.clone().enumerate().step_by(R::WIDTH) {
                // SAFETY: the caller's promises.
                unsafe { self.put(row, column, R::load(sums, at)) }
            }
        }
    }
}

/// A block of finished numbers.
pub(super) struct Finished<'a> {
    pub(super) rows: Range<usize>,
    pub(super) columns: Range<usize>,
    /// The numbers, in rows that are `stride` apart.
    pub(super) sums: &'a mut [f32],
    pub(super) stride: usize,
}

/// Stores the numbers unchanged, in rows that are `stride` floats apart.
pub(super) struct Rows<'a> {
    pub(super) to: &'a mut [f32],
    pub(super) stride: usize,
}

impl Sink for Rows<'_> {
    const PLAIN: bool = true;

    fn check(&self, rows: usize, columns: usize) {
        assert!(self.to.len() >= (rows - 1) * self.stride + columns, "no room for the product");
    }

    #[inline(always)]
    unsafe fn put<R: Register>(&mut self, row: usize, column: usize, sum: R) {
        // SAFETY: the caller's promises.
        unsafe { sum.store(self.to, row * self.stride + column) }
    }
}

/// Chooses what to prefetch while a product keeps the arithmetic units busy.
pub(super) trait Fetch {
    /// The number of steps of a tile from one prefetch to the next; `usize::MAX` if there is nothing to prefetch.
    fn steps<R: Register>() -> usize;

    /// Called before each tile. `next` tells what will be read after it, which takes a while to find.
    #[inline(always)]
    fn plan(&mut self, _next: impl FnOnce() -> Upcoming) {}

    /// Prefetches the next piece.
    ///
    /// # Safety
    /// The CPU must have `R`'s instructions.
    unsafe fn fetch<R: Register>(&mut self);
}

/// Prefetches nothing.
#[derive(Debug)]
pub(super) struct Nothing;

impl Fetch for Nothing {
    fn steps<R: Register>() -> usize {
        usize::MAX
    }

    #[inline(always)]
    unsafe fn fetch<R: Register>(&mut self) {}
}

/// What will be read after a tile. The pointers are for prefetches only.
#[derive(Clone, Copy, Debug)]
pub(super) struct Upcoming {
    /// The tile's share of the next panel of weights.
    weights: *const f32,
    weight_lines: usize,
    weight_lines_per_fetch: usize,
    /// The rows of the next tile, and their number.
    rows: *const f32,
    stride: usize,
    count: usize,
}

/// Prefetches the product's own matrices if they are too large for the first-level cache: the rows of the next tile,
/// and this tile's share of the next panel of weights.
#[derive(Debug, Default)]
pub(super) struct Stream {
    next: Option<Upcoming>,
    /// Lines of a row prefetched so far.
    line: usize,
    weight_line: usize,
}

impl Fetch for Stream {
    /// The number of steps that read one line of each row.
    fn steps<R: Register>() -> usize {
        LINE
    }

    #[inline(always)]
    fn plan(&mut self, next: impl FnOnce() -> Upcoming) {
        *self = Self { next: Some(next()), line: 0, weight_line: 0 };
    }

    #[inline(always)]
    unsafe fn fetch<R: Register>(&mut self) {
        let Some(next) = self.next else { return };
        // SAFETY: the caller's promise; a prefetch is a hint and never faults.
        unsafe {
            for row in 0..next.count {
                R::prefetch(next.rows.wrapping_add(row * next.stride + self.line * LINE).cast());
            }
            let weight_line = (self.weight_line + next.weight_lines_per_fetch).min(next.weight_lines);
            for line in self.weight_line..weight_line {
                R::prefetch(next.weights.wrapping_add(line * LINE).cast());
            }
            (self.line, self.weight_line) = (self.line + 1, weight_line);
        }
    }
}

/// Computes a [`Product`]. Each number is summed in the order of k, beginning with `start`, on every register file.
///
/// # Safety
/// The CPU must have `R`'s instructions, and those that `M` needs.
#[inline(always)]
pub(super) unsafe fn product<R: Register, M: Multiply, F: Fetch>(
    product: Product<'_>,
    fetch: &mut F,
    sink: &mut impl Sink,
) {
    let Product { from, stride, rows, weights, start, start_stride } = product;
    assert!(rows > 0 && from.len() >= (rows - 1) * stride + weights.k(), "rows of the left matrix are missing");
    assert!(start.len() >= (rows - 1) * start_stride + weights.columns(), "rows to start from are missing");
    sink.check(rows, weights.columns());
    let mut at = 0;
    for (first, registers) in parts(weights.columns() / R::WIDTH, R::PANEL) {
        let panel = &weights.panels()[at..at + weights.k() * registers * R::WIDTH];
        at += panel.len();
        let ahead = &weights.panels()[at..weights.panels().len().min(at + panel.len())];
        for (row, count) in parts(rows, M::rows::<R>()[registers - 1]) {
            let tile = Tile { product, panel, row, column: first * R::WIDTH };
            fetch.plan(|| product.upcoming(ahead, row, count));
            // SAFETY: the caller's CPU has the instructions; the rows and columns are within the slices, see above.
            unsafe {
                match registers {
                    1 => tile.rows::<R, M, 1>(count, fetch, sink),
                    2 if R::PANEL >= 2 => tile.rows::<R, M, 2>(count, fetch, sink),
                    3 if R::PANEL >= 3 => tile.rows::<R, M, 3>(count, fetch, sink),
                    _ => unreachable!("a panel has 1 to R::PANEL registers"),
                }
            }
        }
    }
}

/// A few rows times one panel. The sums stay in registers while k runs.
#[derive(Clone, Copy)]
struct Tile<'a> {
    product: Product<'a>,
    panel: &'a [f32],
    /// The first row, and the first column.
    row: usize,
    column: usize,
}

impl Tile<'_> {
    #[inline(always)]
    unsafe fn rows<R: Register, M: Multiply, const N: usize>(
        self,
        rows: usize,
        fetch: &mut impl Fetch,
        sink: &mut impl Sink,
    ) {
        // SAFETY: the caller's promises.
        unsafe {
            match rows {
                1 => self.compute::<R, M, 1, N, _, _>(fetch, sink),
                2 => self.compute::<R, M, 2, N, _, _>(fetch, sink),
                3 => self.compute::<R, M, 3, N, _, _>(fetch, sink),
                4 => self.compute::<R, M, 4, N, _, _>(fetch, sink),
                5 if R::ROWS[N - 1] >= 5 => self.compute::<R, M, 5, N, _, _>(fetch, sink),
                6 if R::ROWS[N - 1] >= 6 => self.compute::<R, M, 6, N, _, _>(fetch, sink),
                7 if R::ROWS[N - 1] >= 7 => self.compute::<R, M, 7, N, _, _>(fetch, sink),
                8 if R::ROWS[N - 1] >= 8 => self.compute::<R, M, 8, N, _, _>(fetch, sink),
                9 if R::ROWS[N - 1] >= 9 => self.compute::<R, M, 9, N, _, _>(fetch, sink),
                _ => unreachable!("a tile has 1 to R::ROWS[N - 1] rows"),
            }
        }
    }

    #[inline(always)]
    unsafe fn compute<R: Register, M: Multiply, const ROWS: usize, const N: usize, F: Fetch, S: Sink>(
        self,
        fetch: &mut F,
        sink: &mut S,
    ) {
        let Product { from, stride, start, start_stride, .. } = self.product;
        // SAFETY: the caller's promises: ROWS rows from `row` and N registers from `column` are within the slices.
        unsafe {
            let mut sums = [[R::splat(0.0); N]; ROWS];
            for (m, row) in sums.iter_mut().enumerate() {
                for (n, sum) in row.iter_mut().enumerate() {
                    *sum = R::load(start, (self.row + m) * start_stride + self.column + n * R::WIDTH);
                }
            }
            let steps = self.panel.len() / (N * R::WIDTH);
            let mut step = 0;
            while step < steps {
                let next = steps.min(step.saturating_add(F::steps::<R>()));
                fetch.fetch::<R>();
                for k in step..next {
                    let mut weights = [R::splat(0.0); N];
                    for (n, weight) in weights.iter_mut().enumerate() {
                        *weight = R::load(self.panel, (k * N + n) * R::WIDTH);
                    }
                    for (m, row) in sums.iter_mut().enumerate() {
                        let at = (self.row + m) * stride + k;
                        debug_assert!(at < from.len());
                        let value = R::splat(*from.get_unchecked(at));
                        for n in 0..N {
                            row[n] = M::step(value, weights[n], row[n]);
                        }
                    }
                }
                step = next;
            }
            if S::PLAIN {
                for (m, row) in sums.into_iter().enumerate() {
                    for (n, sum) in row.into_iter().enumerate() {
                        sink.put(self.row + m, self.column + n * R::WIDTH, sum);
                    }
                }
            } else {
                // The sink needs registers too, and is too long to unroll: store the sums first.
                let mut tile = [[0.0; LINE * 3]; ROWS];
                for (to, row) in tile.iter_mut().zip(sums) {
                    for (n, sum) in row.into_iter().enumerate() {
                        sum.store(to, n * R::WIDTH);
                    }
                }
                for (m, row) in tile.iter().enumerate() {
                    for n in 0..N {
                        sink.put(self.row + m, self.column + n * R::WIDTH, R::load(row, n * R::WIDTH));
                    }
                }
            }
        }
    }
}
