//! Encodes rows of numbers between one product and the next.

use super::super::aligned::{Aligned, LINE, bf16s};
use super::super::register::Register;
use super::encoding::Encoding;

/// The largest input in int8.
const LARGEST_INPUT: f32 = 255.0;
/// Zeros at the end of a row of words, since a product may read up to this many words beyond it. They are an odd number
/// of cache lines, so that the rows of a tile do not all fall into the same sets of the cache.
const MARGIN: usize = 3 * LINE;

/// Rows as a product reads them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows<'a> {
    pub(super) encoding: Encoding,
    pub(super) words: &'a [f32],
    /// The distance from one row to the next, in words.
    pub(super) stride: usize,
    pub(super) scales: &'a [Scale],
}

impl<'a> Rows<'a> {
    /// The words of a row from number `column` on.
    pub(super) fn from(self, row: usize, column: usize) -> &'a [f32] {
        &self.words[row * self.stride + column / self.encoding.numbers_per_word()..]
    }

    /// The bf16 numbers of a row from `column` on.
    #[inline(always)]
    pub(super) fn bf16s(self, row: usize, column: usize) -> &'a [u16] {
        &bf16s(&self.words[row * self.stride..][..self.stride])[column..]
    }
}

/// The place of the high part of a number in a row of split numbers, counted in bf16.
#[inline(always)]
fn split_at(column: usize) -> usize {
    column / 32 * 64 + column % 32
}

/// The value of a byte of a row: `low + byte * step`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    pub(super) step: f32,
    pub(super) low: f32,
}

/// Where rows are stored.
#[derive(Debug)]
pub(super) enum Target<'a> {
    /// As f32, with this distance between rows.
    F32(&'a mut [f32], usize),
    /// As bf16, with this distance between rows.
    Bf16(&'a mut [u16], usize),
    /// As high and low parts in bf16, with this distance between rows.
    SplitBf16(&'a mut [u16], usize),
}

impl Target<'_> {
    /// Whether there is room for this many rows and columns.
    pub(super) fn has_room(&self, rows: usize, columns: usize) -> bool {
        let (len, stride, columns) = match self {
            Self::F32(to, stride) => (to.len(), stride, columns),
            Self::Bf16(to, stride) => (to.len(), stride, columns),
            Self::SplitBf16(to, stride) => (to.len(), stride, 2 * columns.next_multiple_of(32)),
        };
        rows > 0 && len >= (rows - 1) * stride + columns
    }

    /// Returns the same target with a shorter lifetime.
    pub(super) fn reborrow(&mut self) -> Target<'_> {
        match self {
            Self::F32(to, stride) => Target::F32(to, *stride),
            Self::Bf16(to, stride) => Target::Bf16(to, *stride),
            Self::SplitBf16(to, stride) => Target::SplitBf16(to, *stride),
        }
    }

    /// Stores a register of numbers; if `add`, which only f32 supports, adds them to what is there.
    ///
    /// # Safety
    /// The CPU must have `R`'s instructions, and there must be room for the row and the columns.
    #[inline(always)]
    pub(super) unsafe fn store<R: Register>(&mut self, row: usize, column: usize, x: R, add: bool) {
        // SAFETY: the caller's promises.
        unsafe {
            match self {
                Self::F32(to, stride) => {
                    let at = row * *stride + column;
                    if add { x.add(R::load(to, at)).store(to, at) } else { x.store(to, at) }
                }
                Self::Bf16(to, stride) => x.store_bf16s(to, row * *stride + column),
                Self::SplitBf16(to, stride) => store_split(x, to, row * *stride + split_at(column)),
            }
        }
    }
}

/// Rows of whole registers.
pub(super) struct Numbers<'a> {
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// The numbers, in rows that are `stride` apart.
    pub(super) from: &'a [f32],
    pub(super) stride: usize,
}

impl Target<'_> {
    /// Stores rows as [`store`](Self::store) does, starting at `row` and `column`.
    ///
    /// # Safety
    /// As for [`store`](Self::store).
    #[inline(always)]
    pub(super) unsafe fn store_rows<R: Register>(
        &mut self,
        row: usize,
        column: usize,
        numbers: &Numbers<'_>,
        add: bool,
    ) {
        let columns = numbers.columns;
        for (row, from) in (row..row + numbers.rows).zip(numbers.from.chunks(numbers.stride)) {
            // SAFETY: the caller's promises.
            unsafe {
                match self {
                    Self::F32(to, stride) if add => {
                        let to = &mut to[row * *stride + column..];
                        for at in (0..columns).step_by(R::WIDTH) {
                            R::load(from, at).add(R::load(to, at)).store(to, at);
                        }
                    }
                    Self::F32(to, stride) => {
                        let to = &mut to[row * *stride + column..];
                        for at in (0..columns).step_by(R::WIDTH) {
                            R::load(from, at).store(to, at);
                        }
                    }
                    Self::Bf16(to, stride) => {
                        let to = &mut to[row * *stride + column..];
                        for at in (0..columns).step_by(R::WIDTH) {
                            R::load(from, at).store_bf16s(to, at);
                        }
                    }
                    Self::SplitBf16(to, stride) => {
                        let to = &mut to[row * *stride..];
                        for at in (0..columns).step_by(R::WIDTH) {
                            store_split(R::load(from, at), to, split_at(column + at));
                        }
                    }
                }
            }
        }
    }
}

/// Stores the high parts of numbers, and their low parts after the high parts of 32 numbers.
///
/// # Safety
/// The CPU must have `R`'s instructions, and there must be room.
#[inline(always)]
unsafe fn store_split<R: Register>(x: R, to: &mut [u16], at: usize) {
    // SAFETY: the caller's promises.
    unsafe {
        let high = x.rounded_to_bf16();
        high.store_bf16s(to, at);
        x.sub(high).store_bf16s(to, at + 32);
    }
}

/// Encodes rows. The memory is reused.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    words: Aligned,
    stride: usize,
    scales: Vec<Scale>,
}

impl Encoder {
    /// Makes room for rows, with zeros at their ends.
    fn make_room(&mut self, encoding: Encoding, rows: usize, columns: usize) {
        let mut words = columns / encoding.numbers_per_word();
        if encoding == Encoding::SplitBf16 {
            words = words / 32 * 32; // the last ones may be a part of as many
        }
        self.stride = (columns / encoding.numbers_per_word()).next_multiple_of(2 * LINE) + MARGIN;
        self.words.reserve(rows * self.stride);
        self.scales.clear();
        for row in self.words.chunks_exact_mut(self.stride).take(rows) {
            row[words..].fill(0.0);
        }
    }

    /// The target for bf16.
    fn target(&mut self, encoding: Encoding) -> Target<'_> {
        let stride = 2 * self.stride;
        match encoding {
            Encoding::Bf16 => Target::Bf16(self.words.bf16s_mut(), stride),
            Encoding::SplitBf16 => Target::SplitBf16(self.words.bf16s_mut(), stride),
            _ => unreachable!("it is not stored directly"),
        }
    }

    /// The encoded rows.
    fn rows(&self, encoding: Encoding) -> Rows<'_> {
        Rows { encoding, words: &self.words, stride: self.stride, scales: &self.scales }
    }

    /// Encodes the first `columns` numbers of `rows` rows, which are `stride` floats apart.
    ///
    /// # Safety
    /// The CPU must have `R`'s instructions.
    #[inline(always)]
    pub(super) unsafe fn encode<'a, R: Register>(
        &'a mut self,
        encoding: Encoding,
        from: &'a [f32],
        stride: usize,
        (rows, columns): (usize, usize),
    ) -> Rows<'a> {
        assert!(columns.is_multiple_of(LINE) && from.len() >= (rows - 1) * stride + columns, "rows are missing");
        if encoding == Encoding::F32 {
            return Rows { encoding, words: from, stride, scales: &[] };
        }
        self.make_room(encoding, rows, columns);
        for (row, from) in from.chunks(stride).take(rows).enumerate() {
            let (from, at) = (&from[..columns], row * self.stride);
            // SAFETY: the caller's CPU has the instructions; there is room for the row.
            unsafe {
                match encoding {
                    Encoding::F32 => unreachable!("they are read in place"),
                    Encoding::Rounded => {
                        for column in (0..columns).step_by(R::WIDTH) {
                            R::load(from, column).rounded_to_bf16().store(&mut self.words, at + column);
                        }
                    }
                    Encoding::Bf16 | Encoding::SplitBf16 => {
                        let mut target = self.target(encoding);
                        for column in (0..columns).step_by(R::WIDTH) {
                            target.store(row, column, R::load(from, column), false);
                        }
                    }
                    Encoding::Bytes => self.scales.push(encode_bytes::<R>(from, &mut self.words.bytes_mut()[4 * at..])),
                }
            }
        }
        self.rows(encoding)
    }
}

/// Encodes a row as bytes in the range from its smallest to its largest number.
#[inline(always)]
unsafe fn encode_bytes<R: Register>(from: &[f32], to: &mut [u8]) -> Scale {
    // SAFETY: the caller's CPU has the instructions; `from` is whole registers, and `to` has room for as many bytes.
    unsafe {
        let mut largest = R::load(from, 0);
        let mut smallest = largest;
        for column in (R::WIDTH..from.len()).step_by(R::WIDTH) {
            let x = R::load(from, column);
            largest = largest.max(x);
            smallest = smallest.min(x);
        }
        let low = -R::splat(0.0).sub(smallest).largest();
        let step = step(largest.largest() - low, LARGEST_INPUT);
        let [factor, offset] = [1.0 / step, -low / step].map(|x| R::splat(x));
        for column in (0..from.len()).step_by(R::WIDTH) {
            let steps = R::load(from, column).mul_add(factor, offset);
            steps.max(R::splat(0.0)).min(R::splat(LARGEST_INPUT)).store_bytes(to, column);
        }
        Scale { step, low }
    }
}

/// The size of a step if `steps` steps cover the range from 0 to `range`.
pub(super) fn step(range: f32, steps: f32) -> f32 {
    if range > 0.0 { range / steps } else { 1.0 }
}

/// Rows that one product stores and the next one reads. The memory is reused.
#[derive(Debug, Default)]
pub(super) struct Between {
    f32s: Aligned,
    encoder: Encoder,
}

impl Between {
    /// The distance between rows of f32: one cache line more than their length, so that the rows of a tile do not all
    /// fall into the same sets of the cache.
    pub(super) fn stride(columns: usize) -> usize {
        columns + LINE
    }

    /// The target for rows that will be read in `encoding`.
    pub(super) fn target(&mut self, encoding: Encoding, rows: usize, columns: usize) -> Target<'_> {
        if encoding.is_stored_directly() {
            self.encoder.make_room(encoding, rows, columns);
            return self.encoder.target(encoding);
        }
        self.f32s.reserve(rows * Self::stride(columns));
        Target::F32(&mut self.f32s, Self::stride(columns))
    }

    /// The rows that were stored.
    ///
    /// # Safety
    /// The CPU must have `R`'s instructions.
    #[inline(always)]
    pub(super) unsafe fn rows<R: Register>(&mut self, encoding: Encoding, rows: usize, columns: usize) -> Rows<'_> {
        if encoding.is_stored_directly() {
            return self.encoder.rows(encoding);
        }
        // SAFETY: as for this function.
        unsafe { self.encoder.encode::<R>(encoding, &self.f32s, Self::stride(columns), (rows, columns)) }
    }
}
