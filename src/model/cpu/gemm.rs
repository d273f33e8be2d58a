//! Matrix products: rows times a weight matrix packed for the registers it is multiplied in.
//!
//! Matrices are of words of 32 bits: one f32, two bf16 or four bytes, which [`Multiply`] knows how to multiply. What
//! becomes of a finished number is up to the [`Sink`], while it is still in a register.

use super::aligned::{Aligned, LINE};
use super::lanes::Lanes;

/// A matrix [k, columns] of words, cut into panels of a few registers of columns; in a panel row k follows row k - 1.
#[derive(Debug, Default)]
pub(super) struct Packed {
    k: usize,
    /// Columns, padded to [`LINE`].
    columns: usize,
    values: Aligned,
}

/// Cuts `len` into as few parts of at most `most` as will do, as even as can be: (first, count).
#[inline(always)]
pub(super) fn parts(len: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let count = len.div_ceil(most);
    (0..count).map(move |i| (i * len / count, (i + 1) * len / count - i * len / count))
}

impl Packed {
    /// Packs `matrix(k, column)` for [`Lanes`] of that width and panel; columns beyond `columns` are zero.
    pub(super) fn new(
        k: usize,
        columns: usize,
        (width, panel): (usize, usize),
        matrix: impl Fn(usize, usize) -> f32,
    ) -> Self {
        let padded = columns.next_multiple_of(LINE);
        let mut values = Aligned::zeros(k * padded);
        let mut at = 0;
        for (first, registers) in parts(padded / width, panel) {
            for k in 0..k {
                for column in first * width..(first + registers) * width {
                    if column < columns {
                        values[at] = matrix(k, column);
                    }
                    at += 1;
                }
            }
        }
        Self { k, columns: padded, values }
    }

    /// Packs anew the words of `from`, (k, column) at `k * strides.0 + column * strides.1`; columns beyond are zero.
    pub(super) fn fill(
        &mut self,
        (k, columns): (usize, usize),
        (width, panel): (usize, usize),
        from: &[f32],
        strides: (usize, usize),
    ) {
        let padded = columns.next_multiple_of(LINE);
        (self.k, self.columns) = (k, padded);
        self.values.reserve(k * padded);
        let mut at = 0;
        for (first, registers) in parts(padded / width, panel) {
            let len = registers * width;
            let own = len.min(columns.saturating_sub(first * width));
            let panel = &mut self.values[at..at + k * len];
            at += k * len;
            if own == 0 {
                panel.fill(0.0);
                continue;
            }
            for (k, row) in panel.chunks_exact_mut(len).enumerate() {
                let from = &from[k * strides.0 + first * width * strides.1..];
                if strides.1 == 1 {
                    row[..own].copy_from_slice(&from[..own]);
                } else {
                    row[..own].iter_mut().zip(from.iter().step_by(strides.1)).for_each(|(to, &word)| *to = word);
                }
                row[own..].fill(0.0);
            }
        }
    }

    /// Columns of the product, padding included.
    pub(super) fn columns(&self) -> usize {
        self.columns
    }
}

/// `start` plus `rows` rows of `from` times `weights`. Rows of each are so many words apart: with a `start_stride` of 0
/// all start from the same row, a bias.
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
    /// What is read after the tile of `count` rows from `row`: `panel` comes after this panel.
    fn upcoming(&self, panel: &[f32], row: usize, count: usize) -> Upcoming {
        let next = if row + count < self.rows { row + count } else { 0 };
        let [start, end] = [row, row + count].map(|row| panel.len() / LINE * row / self.rows);
        Upcoming {
            weights: panel[start * LINE..].as_ptr(),
            weight_lines: end - start,
            weight_lines_a_fetch: (end - start).div_ceil(self.weights.k.div_ceil(LINE)),
            rows: self.from[next * self.stride..].as_ptr(),
            stride: self.stride,
            count: count.min(self.rows - next),
        }
    }
}

/// How words are multiplied.
pub(super) trait Multiply {
    /// Rows of a tile at most.
    fn rows<L: Lanes>() -> usize {
        L::ROWS
    }

    /// `sum` and the products of the words of `value` and `weight`.
    ///
    /// # Safety
    /// The CPU must have `L`'s instructions.
    unsafe fn step<L: Lanes>(value: L, weight: L, sum: L) -> L;
}

/// One f32 a word.
pub(super) struct Singles;

impl Multiply for Singles {
    #[inline(always)]
    unsafe fn step<L: Lanes>(value: L, weight: L, sum: L) -> L {
        // SAFETY: the caller's CPU has the instructions.
        unsafe { value.mul_add(weight, sum) }
    }
}

/// Two bf16 a word; sums are f32.
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))] // no other path has an instruction for it
pub(super) struct Halves;

impl Multiply for Halves {
    #[inline(always)]
    unsafe fn step<L: Lanes>(value: L, weight: L, sum: L) -> L {
        // SAFETY: the caller's CPU has the instructions.
        unsafe { value.dot_halves(weight, sum) }
    }
}

/// Four bytes a word, unsigned on the left and signed in the weights; sums are integers.
pub(super) struct Bytes;

impl Multiply for Bytes {
    #[inline(always)]
    unsafe fn step<L: Lanes>(value: L, weight: L, sum: L) -> L {
        // SAFETY: the caller's CPU has the instructions.
        unsafe { value.dot_bytes(weight, sum) }
    }
}

/// [`Bytes`], of which the weights are within +-[`SMALL`]: what a CPU without an instruction for it does faster.
pub(super) struct SmallBytes;

/// Two products of a byte and a weight so small do not overflow sixteen bits.
pub(super) const SMALL: f32 = 63.0;

impl Multiply for SmallBytes {
    fn rows<L: Lanes>() -> usize {
        L::ROWS_OF_SMALL_BYTES
    }

    #[inline(always)]
    unsafe fn step<L: Lanes>(value: L, weight: L, sum: L) -> L {
        // SAFETY: the caller's CPU has the instructions.
        unsafe { value.dot_small_bytes(weight, sum) }
    }
}

/// Where the numbers of a product go.
pub(super) trait Sink {
    /// Whether it does so little to a number that a tile's numbers go there straight from their registers.
    const PLAIN: bool;

    /// Panics unless there is room for so many rows and columns.
    fn check(&self, rows: usize, columns: usize);

    /// Takes a register of finished numbers.
    ///
    /// # Safety
    /// The CPU must have `L`'s instructions; `row` and `column + L::WIDTH` must be within what was checked.
    unsafe fn put<L: Lanes>(&mut self, row: usize, column: usize, sum: L);
}

/// Rows that are so many floats apart: the numbers as they are.
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
    unsafe fn put<L: Lanes>(&mut self, row: usize, column: usize, sum: L) {
        // SAFETY: the caller's promises.
        unsafe { sum.store(self.to, row * self.stride + column) }
    }
}

/// What is fetched from memory while a product keeps the arithmetic busy.
pub(super) trait Fetch {
    /// Steps of a tile from one fetch to the next; as many as there are where there is nothing to fetch.
    fn steps<L: Lanes>() -> usize;

    /// Hears what will be read after the tile that comes now.
    fn plan(&mut self, _next: Upcoming) {}

    /// Fetches the next piece.
    ///
    /// # Safety
    /// The CPU must have `L`'s instructions.
    unsafe fn fetch<L: Lanes>(&mut self);
}

/// Nothing.
#[derive(Debug)]
pub(super) struct Nothing;

impl Fetch for Nothing {
    fn steps<L: Lanes>() -> usize {
        usize::MAX
    }

    #[inline(always)]
    unsafe fn fetch<L: Lanes>(&mut self) {}
}

/// What will be read after a tile, as places in memory that are fetched and never read from here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Upcoming {
    /// The tile's share of the next panel of weights.
    weights: *const f32,
    weight_lines: usize,
    weight_lines_a_fetch: usize,
    /// The first of the next tile's rows, and how many there are.
    rows: *const f32,
    stride: usize,
    count: usize,
}

/// The product's own matrices, where they are too large for the caches next to the registers: the next tile's rows and
/// the next panel of weights, a tile's share of it at a time.
#[derive(Debug, Default)]
pub(super) struct Stream {
    next: Option<Upcoming>,
    /// Lines of a row fetched so far.
    line: usize,
    weight_line: usize,
}

impl Fetch for Stream {
    /// As many as take the product over one line of each row.
    fn steps<L: Lanes>() -> usize {
        LINE
    }

    fn plan(&mut self, next: Upcoming) {
        *self = Self { next: Some(next), line: 0, weight_line: 0 };
    }

    #[inline(always)]
    unsafe fn fetch<L: Lanes>(&mut self) {
        let Some(next) = self.next else { return };
        // SAFETY: the caller's promise; a fetch is a hint, never a fault.
        unsafe {
            for row in 0..next.count {
                L::prefetch(next.rows.wrapping_add(row * next.stride + self.line * LINE).cast());
            }
            let weight_line = (self.weight_line + next.weight_lines_a_fetch).min(next.weight_lines);
            for line in self.weight_line..weight_line {
                L::prefetch(next.weights.wrapping_add(line * LINE).cast());
            }
            (self.line, self.weight_line) = (self.line + 1, weight_line);
        }
    }
}

/// Computes a [`Product`]. Each number is summed in the order of k, from `start`, whatever the path.
///
/// # Safety
/// The CPU must have `L`'s instructions, and those `M` asks for.
#[inline(always)]
pub(super) unsafe fn product<L: Lanes, M: Multiply, F: Fetch>(
    product: Product<'_>,
    fetch: &mut F,
    sink: &mut impl Sink,
) {
    let Product { from, stride, rows, weights, start, start_stride } = product;
    assert!(rows > 0 && from.len() >= (rows - 1) * stride + weights.k, "rows of the left matrix are missing");
    assert!(start.len() >= (rows - 1) * start_stride + weights.columns, "rows to start from are missing");
    sink.check(rows, weights.columns);
    let mut at = 0;
    for (first, registers) in parts(weights.columns / L::WIDTH, L::PANEL) {
        let panel = &weights.values[at..at + weights.k * registers * L::WIDTH];
        at += panel.len();
        let ahead = &weights.values[at..weights.values.len().min(at + panel.len())];
        for (row, count) in parts(rows, M::rows::<L>()) {
            let tile = Tile { product, panel, row, column: first * L::WIDTH };
            fetch.plan(product.upcoming(ahead, row, count));
            // SAFETY: the caller's CPU has the instructions; the rows and columns are within the slices, see above.
            unsafe {
                match registers {
                    1 => tile.rows::<L, M, 1>(count, fetch, sink),
                    2 if L::PANEL >= 2 => tile.rows::<L, M, 2>(count, fetch, sink),
                    3 if L::PANEL >= 3 => tile.rows::<L, M, 3>(count, fetch, sink),
                    _ => unreachable!("a panel has 1 to L::PANEL registers"),
                }
            }
        }
    }
}

/// A few rows by one panel: what stays in registers while k runs.
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
    unsafe fn rows<L: Lanes, M: Multiply, const N: usize>(
        self,
        rows: usize,
        fetch: &mut impl Fetch,
        sink: &mut impl Sink,
    ) {
        // SAFETY: the caller's promises.
        unsafe {
            match rows {
                1 => self.compute::<L, M, 1, N, _, _>(fetch, sink),
                2 => self.compute::<L, M, 2, N, _, _>(fetch, sink),
                3 => self.compute::<L, M, 3, N, _, _>(fetch, sink),
                4 => self.compute::<L, M, 4, N, _, _>(fetch, sink),
                5 if L::ROWS >= 5 => self.compute::<L, M, 5, N, _, _>(fetch, sink),
                6 if L::ROWS >= 6 => self.compute::<L, M, 6, N, _, _>(fetch, sink),
                7 if L::ROWS >= 7 => self.compute::<L, M, 7, N, _, _>(fetch, sink),
                8 if L::ROWS >= 8 => self.compute::<L, M, 8, N, _, _>(fetch, sink),
                9 if L::ROWS >= 9 => self.compute::<L, M, 9, N, _, _>(fetch, sink),
                _ => unreachable!("a tile has 1 to L::ROWS rows"),
            }
        }
    }

    #[inline(always)]
    unsafe fn compute<L: Lanes, M: Multiply, const ROWS: usize, const N: usize, F: Fetch, S: Sink>(
        self,
        fetch: &mut F,
        sink: &mut S,
    ) {
        let Product { from, stride, start, start_stride, .. } = self.product;
        // SAFETY: the caller's promises: ROWS rows from `row` and N registers from `column` are within the slices.
        unsafe {
            let mut sums = [[L::splat(0.0); N]; ROWS];
            for (m, row) in sums.iter_mut().enumerate() {
                for (n, sum) in row.iter_mut().enumerate() {
                    *sum = L::load(start, (self.row + m) * start_stride + self.column + n * L::WIDTH);
                }
            }
            let steps = self.panel.len() / (N * L::WIDTH);
            let mut step = 0;
            while step < steps {
                let next = steps.min(step.saturating_add(F::steps::<L>()));
                fetch.fetch::<L>();
                for k in step..next {
                    let mut weights = [L::splat(0.0); N];
                    for (n, weight) in weights.iter_mut().enumerate() {
                        *weight = L::load(self.panel, (k * N + n) * L::WIDTH);
                    }
                    for (m, row) in sums.iter_mut().enumerate() {
                        let at = (self.row + m) * stride + k;
                        debug_assert!(at < from.len());
                        let value = L::splat(*from.get_unchecked(at));
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
                        sink.put(self.row + m, self.column + n * L::WIDTH, sum);
                    }
                }
            } else {
                // Out of their registers first: what the sink does needs some too, and is too long to unroll.
                let mut tile = [[0.0; LINE * 3]; ROWS];
                for (to, row) in tile.iter_mut().zip(sums) {
                    for (n, sum) in row.into_iter().enumerate() {
                        sum.store(to, n * L::WIDTH);
                    }
                }
                for (m, row) in tile.iter().enumerate() {
                    for n in 0..N {
                        sink.put(self.row + m, self.column + n * L::WIDTH, L::load(row, n * L::WIDTH));
                    }
                }
            }
        }
    }
}
