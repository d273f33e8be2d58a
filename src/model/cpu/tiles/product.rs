//! A matrix product, cut into blocks of tiles.

use super::super::gemm::{Product, Sink};
use super::super::register::Register;
use super::unit::{Block, Numbers, ROWS, SUMS_STRIDE, TileUnit, WORDS};

/// The sums of a block.
#[repr(align(64))]
struct Sums([f32; 2 * ROWS * SUMS_STRIDE]);

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
    assert!(k.is_multiple_of(numbers.words_per_step()), "rows are not whole steps");
    assert!(rows > 0 && from.len() >= (rows - 1) * stride + k, "rows of the left matrix are missing");
    assert!(start.len() >= (rows - 1) * start_stride + columns, "rows to start from are missing");
    assert!(weights.panels().len() >= k * columns, "weights are missing");
    sink.check(rows, columns);
    let mut sums = Sums([0.0; 2 * ROWS * SUMS_STRIDE]);
    // As few blocks as possible, and tiles as even as possible. The last block may repeat rows of the one before.
    let blocks = rows.div_ceil(2 * ROWS);
    let height = rows.div_ceil(2 * blocks);
    // SAFETY: the caller's promises; `height` is 1 to `ROWS`.
    unsafe { U::configure(height) };
    for column in (0..columns).step_by(2 * WORDS) {
        let panels = ((columns - column) / WORDS).min(2);
        // A single last panel is multiplied twice.
        let offsets = [column, column + (panels - 1) * WORDS];
        let mut done = 0;
        while done < rows {
            let first = done.min(rows.saturating_sub(2 * height));
            let lower = (rows - first).min(2 * height) - height.min(rows - first);
            let row = |row: usize| from[row * stride..].as_ptr();
            let start_of = |row: usize| offsets.map(|at| start[row * start_stride + at..].as_ptr());
            let end = (first + lower + height).min(rows);
            let block = Block {
                start: start_of(first),
                lower_start: start_of(first + lower),
                start_stride: start_stride * size_of::<f32>(),
                rows: [row(first), row(first + lower)],
                stride: stride * size_of::<f32>(),
                panels: offsets.map(|at| weights.panels()[at * k..].as_ptr()),
                steps: k / numbers.words_per_step(),
                sums: [sums.0.as_mut_ptr(), sums.0[lower * SUMS_STRIDE..].as_mut_ptr()],
            };
            // SAFETY: the caller's promises. Rows, weights and starts are within the slices, see above; the sums have room
            // for two tiles of `ROWS` rows.
            unsafe {
                prefetch_next::<R>(
                    weights.panels(),
                    (column + panels * WORDS) * k,
                    panels * WORDS * k,
                    (done, end, rows),
                );
                U::multiply(numbers, &block);
                for row in done..end {
                    let from = (row - first) * SUMS_STRIDE;
                    for at in (0..panels * WORDS).step_by(R::WIDTH) {
                        sink.put(row, column + at, R::load(&sums.0, from + at));
                    }
                }
            }
            done = end;
        }
    }
}

/// Prefetches a block's share of the next panels, of `len` words from `at` on.
///
/// # Safety
/// The CPU must have `R`'s instructions.
#[inline(always)]
unsafe fn prefetch_next<R: Register>(panels: &[f32], at: usize, len: usize, (done, end, rows): (usize, usize, usize)) {
    let len = len.min(panels.len().saturating_sub(at));
    for word in (len * done / rows..len * end / rows).step_by(WORDS) {
        // SAFETY: as for this function; a prefetch is a hint and never faults.
        unsafe { R::prefetch(panels.as_ptr().wrapping_add(at + word).cast()) }
    }
}
