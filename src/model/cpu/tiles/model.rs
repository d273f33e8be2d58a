//! A software model of the tile instructions, for tests on any CPU.

use std::cell::Cell;

use super::unit::{Block, Numbers, ROWS, SUMS_STRIDE, TileUnit, WORDS};

/// Tiles in memory.
#[derive(Debug)]
pub(in super::super) struct Model;

thread_local! {
    static HEIGHT: Cell<usize> = const { Cell::new(0) };
}

impl TileUnit for Model {
    unsafe fn configure(rows: usize) {
        assert!((1..=ROWS).contains(&rows), "{rows} rows");
        HEIGHT.set(rows);
    }

    unsafe fn multiply(numbers: Numbers, block: &Block) {
        let height = HEIGHT.get();
        let starts = [block.start, block.lower_start];
        for ((start, rows), sums) in starts.into_iter().zip(block.rows).zip(block.sums) {
            for (column, (start, panel)) in start.into_iter().zip(block.panels).enumerate() {
                // SAFETY: the caller's promises.
                unsafe {
                    let mut tile = load(start, block.start_stride, height);
                    for step in 0..block.steps {
                        let (row, weight) = (step * numbers.words_per_step(), step * numbers.weights_per_step());
                        let left = |part: usize| load(rows.add(row + part * WORDS), block.stride, height);
                        let right = |part: usize| load(panel.add((weight + part * WORDS) * WORDS), 4 * WORDS, ROWS);
                        match numbers {
                            Numbers::Bf16 => dot_bf16s(&mut tile, &left(0), &right(0)),
                            Numbers::SplitBf16 => {
                                for (one, other) in [(0, 0), (0, 1), (0, 2), (1, 0)] {
                                    dot_bf16s(&mut tile, &left(one), &right(other));
                                }
                            }
                            Numbers::Bytes => dot_bytes(&mut tile, &left(0), &right(0)),
                        }
                    }
                    for (row, words) in tile.iter().enumerate() {
                        let to = sums.add(row * SUMS_STRIDE + column * WORDS);
                        words.iter().enumerate().for_each(|(at, &word)| to.add(at).write(f32::from_bits(word)));
                    }
                }
            }
        }
    }
}

type Tile = Vec<[u32; WORDS]>;

/// Models `tileloadd`.
unsafe fn load(from: *const f32, stride: usize, rows: usize) -> Tile {
    // SAFETY: the caller's promise.
    let word = |row: usize, at: usize| unsafe { from.byte_add(row * stride).add(at).read().to_bits() };
    (0..rows).map(|row| std::array::from_fn(|at| word(row, at))).collect()
}

/// Models `tdpbf16ps`: even and odd products are summed separately, in the order of the words, and then added to the
/// sum.
fn dot_bf16s(sums: &mut Tile, left: &Tile, right: &Tile) {
    // Denormal numbers count as zero.
    let flushed = |x: f32| if x.is_subnormal() { 0.0 } else { x };
    let low = |word: u32| flushed(f32::from_bits(word << 16));
    let high = |word: u32| flushed(f32::from_bits(word & 0xffff_0000));
    for (sums, left) in sums.iter_mut().zip(left) {
        for (column, sum) in sums.iter_mut().enumerate() {
            let (mut even, mut odd) = (0.0_f32, 0.0_f32);
            for (&one, other) in left.iter().zip(right) {
                even = flushed(low(one).mul_add(low(other[column]), even));
                odd = flushed(high(one).mul_add(high(other[column]), odd));
            }
            *sum = flushed(f32::from_bits(*sum) + flushed(even + odd)).to_bits();
        }
    }
}

/// Models `tdpbusd`.
fn dot_bytes(sums: &mut Tile, left: &Tile, right: &Tile) {
    for (sums, left) in sums.iter_mut().zip(left) {
        for (column, sum) in sums.iter_mut().enumerate() {
            for (one, other) in left.iter().zip(right) {
                let pairs = one.to_le_bytes().into_iter().zip(other[column].to_le_bytes());
                let product: i32 = pairs.map(|(one, other)| i32::from(one) * i32::from(other.cast_signed())).sum();
                *sum = sum.wrapping_add(product.cast_unsigned());
            }
        }
    }
}
