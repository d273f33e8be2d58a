//! The kernels compared with arithmetic in f64 or integers.

use proptest::prelude::*;

use super::super::InstructionSet;
use super::super::dispatch::{self, Packings, Task};
use super::super::gemm::{Product, Rows, Stream};
use super::super::isa::{AmxModel, Isa};
use super::super::packed::Packed;
use super::super::register::{Register, bf16};
use super::super::test_support::{has_or_says_so, instruction_sets, noise};
use super::super::tiles::WORDS_AT_ONCE;
use super::attention::{Heads, Positions, Workspace};
use super::encoder::{Encoder, Target};
use super::encoding::{Encoding, has_bf16};
use super::linear::parts_of;

use crate::model::Precision;

/// A factor for the number of random cases: small in debug builds, where the kernels are a hundred times slower.
const EFFORT: usize = if cfg!(debug_assertions) { 1 } else { 20 };

fn cases(count: usize) -> ProptestConfig {
    ProptestConfig::with_cases(u32::try_from(count * EFFORT).unwrap())
}

/// Applies a function to each number of a slice, padded to whole registers.
struct Map<'a, F>(&'a [f32], F);

/// A function of a register.
trait Function {
    unsafe fn of<R: Register>(&self, x: R) -> R;
}

impl<F: Function> Task for Map<'_, F> {
    type Output = Vec<f32>;

    unsafe fn run<I: Isa>(self) -> Vec<f32> {
        let mut values = self.0.to_vec();
        values.resize(self.0.len().next_multiple_of(16), 0.0);
        for at in (0..values.len()).step_by(I::Register::WIDTH) {
            // SAFETY: the caller's CPU has the instructions.
            unsafe { self.1.of(I::Register::load(&values, at)).store(&mut values, at) }
        }
        values.truncate(self.0.len());
        values
    }
}

struct Gelu;

impl Function for Gelu {
    unsafe fn of<R: Register>(&self, x: R) -> R {
        // SAFETY: the caller's CPU has the instructions.
        unsafe { x.gelu() }
    }
}

/// The normal distribution's cumulative probability, by a series whose terms have one sign.
fn normal(x: f64) -> f64 {
    if x < 0.0 {
        return 1.0 - normal(-x);
    }
    let (mut sum, mut term) = (x, x);
    for n in 1..400 {
        term *= x * x / f64::from(2 * n + 1);
        sum += term;
    }
    0.5 + sum * (-x * x / 2.0).exp() / std::f64::consts::TAU.sqrt()
}

#[test]
fn gelu_is_the_exact_one() {
    let x: Vec<f32> = (-4000_i16..4000).map(|i| f32::from(i) * 0.003).chain([-1e30, -50.0, 0.0, 50.0, 1e30]).collect();
    for set in instruction_sets(Precision::F32) {
        // SAFETY: the instruction set is supported.
        let gelu = unsafe { dispatch::run(set, Map(&x, Gelu)) };
        for (&x, gelu) in x.iter().zip(gelu) {
            let wide = f64::from(x);
            let expected = if x.abs() > 12.0 { wide.max(0.0) } else { wide * normal(wide) };
            let difference = (f64::from(gelu) - expected).abs();
            assert!(difference <= 2e-7 * wide.abs().max(1.0), "{set:?}: gelu({x}) = {gelu}, not {expected}");
        }
    }
}

/// The number of words in a column of weights, for rows of `k` words.
fn weights(encoding: Encoding, k: usize) -> usize {
    if encoding == Encoding::SplitBf16 { k.div_ceil(32) * 48 } else { k }
}

/// Multiplies `rows` rows of `k` words by `columns` columns of [`weights`] words each. The sums start at zero.
#[derive(Clone, Copy)]
struct Multiply<'a> {
    encoding: Encoding,
    rows: usize,
    k: usize,
    columns: usize,
    left: &'a [f32],
    right: &'a [f32],
}

impl Task for Multiply<'_> {
    type Output = Vec<f32>;

    unsafe fn run<I: Isa>(self) -> Vec<f32> {
        let Self { encoding, rows, k, columns, left, right } = self;
        let packing = encoding.packing(Packings::of::<I>());
        let weights = Packed::new(weights(encoding, k), columns, packing, |k, column| right[k * columns + column]);
        let stride = weights.k();
        let mut from = vec![0.0; rows * stride];
        from.chunks_mut(stride).zip(left.chunks(k)).for_each(|(to, row)| to[..k].copy_from_slice(row));
        let zeros = vec![0.0; weights.columns()];
        let mut to = vec![0.0; rows * weights.columns()];
        let product = Product { from: &from, stride, rows, weights: &weights, start: &zeros, start_stride: 0 };
        let mut sink = Rows { to: &mut to, stride: weights.columns() };
        // SAFETY: the caller's CPU has the instructions.
        unsafe { encoding.multiply::<I>(product, &mut Stream::default(), &mut sink) };
        to.chunks(weights.columns()).flat_map(|row| row[..columns].to_vec()).collect()
    }
}

/// Whether this CPU can multiply in `encoding` with `set`. If not, reports the skipped test.
fn can(set: InstructionSet, encoding: Encoding) -> bool {
    let (has, what) = match encoding {
        Encoding::F32 | Encoding::Rounded | Encoding::SplitBf16 => (set.is_supported(), "f32"),
        Encoding::Bf16 => (has_bf16(set), "bf16"),
        Encoding::Bytes => (set.is_supported_in(Precision::Int8), "int8"),
    };
    has_or_says_so(set, has, what)
}

/// The instruction sets of this CPU that have products in `encoding`. Reports those that it lacks.
fn sets(encoding: Encoding) -> impl Iterator<Item = InstructionSet> {
    let all = match encoding {
        Encoding::F32 | Encoding::Rounded | Encoding::Bytes => &InstructionSet::ALL[..],
        Encoding::Bf16 => &[InstructionSet::Amx, InstructionSet::Avx512, InstructionSet::Neon],
        Encoding::SplitBf16 => &[InstructionSet::Amx],
    };
    all.iter().copied().filter(move |&set| can(set, encoding))
}

impl Multiply<'_> {
    /// The products on each supported instruction set and on the model of AMX.
    fn everywhere(self) -> Vec<(String, Vec<f32>)> {
        let products = sets(self.encoding).map(|set| (format!("{set:?}"), self.on(set)));
        products.chain([("model".to_owned(), self.on_model())]).collect()
    }

    /// The products on one instruction set, which must be supported.
    fn on(self, set: InstructionSet) -> Vec<f32> {
        assert!(can(set, self.encoding));
        // SAFETY: the instruction set is supported, and has the instruction.
        unsafe { dispatch::run(set, self) }
    }

    /// The products on the model of AMX.
    fn on_model(self) -> Vec<f32> {
        // SAFETY: the model is plain Rust.
        unsafe { self.run::<AmxModel>() }
    }
}

fn bits(sums: &[f32]) -> Vec<u32> {
    sums.iter().map(|sum| sum.to_bits()).collect()
}

/// Random words of two bf16 numbers each.
fn words(count: usize, state: &mut u64) -> Vec<f32> {
    let mut half = || u32::from(bf16(noise(state)));
    (0..count).map(|_| f32::from_bits(half() | half() << 16)).collect()
}

proptest! {
    #![proptest_config(cases(8))]

    #[test]
    fn products_of_bytes_are_exact_on_every_instruction_set(
        rows in 1_usize..70, k in 1_usize..70, columns in 1_usize..100, seed in 1_u64..u64::MAX,
    ) {
        let mut state = seed;
        let mut bytes = |count: usize| -> Vec<u8> {
            (0..4 * count).map(|_| { noise(&mut state); state.to_le_bytes()[3] }).collect()
        };
        let (left, right) = (bytes(rows * k), bytes(k * columns));
        let words = |bytes: &[u8]| -> Vec<f32> {
            bytes.chunks(4).map(|word| f32::from_bits(u32::from_le_bytes(word.try_into().unwrap()))).collect()
        };
        let (left_words, right_words) = (words(&left), words(&right));
        let product = Multiply {
            encoding: Encoding::Bytes, rows, k, columns, left: &left_words, right: &right_words,
        };
        for (set, sums) in product.everywhere() {
            for (at, sum) in sums.iter().enumerate() {
                let (row, column) = (at / columns, at % columns);
                let product = |i: usize| {
                    let weight = right[(i / 4 * columns + column) * 4 + i % 4].cast_signed();
                    i32::from(left[row * 4 * k + i]) * i32::from(weight)
                };
                let expected: i32 = (0..4 * k).map(product).sum();
                prop_assert_eq!(sum.to_bits().cast_signed(), expected, "{:?}", set);
            }
        }
    }

    #[test]
    fn products_of_bf16_are_near_those_of_their_numbers(
        rows in 1_usize..70, k in 1_usize..70, columns in 1_usize..100, seed in 1_u64..u64::MAX,
    ) {
        let mut state = seed;
        let mut bf16s = |count: usize| -> Vec<u16> { (0..2 * count).map(|_| bf16(noise(&mut state))).collect() };
        let (left, right) = (bf16s(rows * k), bf16s(k * columns));
        let words = |bf16s: &[u16]| -> Vec<f32> {
            bf16s.chunks(2).map(|word| f32::from_bits(u32::from(word[0]) | u32::from(word[1]) << 16)).collect()
        };
        let (left_words, right_words) = (words(&left), words(&right));
        let number = |bits: u16| f64::from(f32::from_bits(u32::from(bits) << 16));
        let product = Multiply {
            encoding: Encoding::Bf16, rows, k, columns, left: &left_words, right: &right_words,
        };
        for (set, sums) in product.everywhere() {
            for (at, sum) in sums.iter().enumerate() {
                let (row, column) = (at / columns, at % columns);
                let product = |i: usize| {
                    number(left[row * 2 * k + i]) * number(right[(i / 2 * columns + column) * 2 + i % 2])
                };
                let expected: f64 = (0..2 * k).map(product).sum();
                prop_assert!((f64::from(*sum) - expected).abs() < 1e-5, "{:?}: {} is not {}", set, sum, expected);
            }
        }
    }
}

/// A word of split numbers: each 32 `numbers` become `parts` times sixteen words of two numbers each, high parts first.
fn split(numbers: impl Fn(usize) -> f32, parts: usize, word: usize) -> f32 {
    let part = |i: usize| {
        let x = numbers(word / (16 * parts) * 32 + word % 16 * 2 + i);
        u32::from(parts_of(x)[word % (16 * parts) / 16])
    };
    f32::from_bits(part(0) | part(1) << 16)
}

proptest! {
    #[test]
    fn a_number_is_the_sum_of_its_parts(x in -1e9_f32..1e9) {
        let sum: f64 = parts_of(x).iter().map(|&part| f64::from(f32::from_bits(u32::from(part) << 16))).sum();
        prop_assert!((sum - f64::from(x)).abs() <= f64::from(x.abs()) / f64::from(1 << 24), "{} is not {}", sum, x);
    }
}

proptest! {
    #![proptest_config(cases(8))]

    #[test]
    fn products_of_split_numbers_are_near_those_of_f32(
        rows in 1_usize..70, blocks in 1_usize..4, columns in 1_usize..100, seed in 1_u64..u64::MAX,
    ) {
        let (k, mut state) = (32 * blocks, seed);
        let mut numbers = |count: usize| -> Vec<f32> { (0..count).map(|_| noise(&mut state)).collect() };
        let (left, right) = (numbers(rows * k), numbers(k * columns));
        let left_words: Vec<f32> = (0..rows * k).map(|at| split(|i| left[at / k * k + i], 2, at % k)).collect();
        let right_words: Vec<f32> =
            (0..k / 32 * 48 * columns).map(|at| split(|i| right[i * columns + at % columns], 3, at / columns)).collect();
        let product = Multiply {
            encoding: Encoding::SplitBf16, rows, k, columns, left: &left_words, right: &right_words,
        };
        for (set, sums) in product.everywhere() {
            for (at, sum) in sums.iter().enumerate() {
                let (row, column) = (at / columns, at % columns);
                let product = |i: usize| f64::from(left[row * k + i]) * f64::from(right[i * columns + column]);
                let expected: f64 = (0..k).map(product).sum();
                // Splitting loses at most 2^-18 of the left factor, and the product of the low parts, which is no
                // larger, is left out.
                let size: f64 = (0..k).map(|i| product(i).abs()).sum();
                let bound = 1e-6 + size * 2.0 / f64::from(1 << 18);
                prop_assert!((f64::from(*sum) - expected).abs() < bound, "{set}: {sum} is not {expected}");
            }
        }
    }

    #[test]
    fn amx_computes_what_its_model_does(
        rows in 1_usize..70, k in 1_usize..70, columns in 1_usize..100, seed in 1_u64..u64::MAX,
    ) {
        let mut state = seed;
        for encoding in [Encoding::Bf16, Encoding::SplitBf16, Encoding::Bytes] {
            let (left, right) = (words(rows * k, &mut state), words(weights(encoding, k) * columns, &mut state));
            let product = Multiply { encoding, rows, k, columns, left: &left, right: &right };
            if can(InstructionSet::Amx, encoding) {
                prop_assert_eq!(bits(&product.on(InstructionSet::Amx)), bits(&product.on_model()), "{:?}", encoding);
            }
        }
    }
}

/// Tiles multiply many long rows part by part. Each sum continues where the previous part ended, so it equals, to the
/// last bit, that of the row alone.
#[test]
fn long_rows_on_tiles_are_multiplied_in_parts_and_no_sum_changes() {
    // Two overlapping blocks, three panels, parts of unequal length.
    let (rows, k, columns, mut state) = (34, 8192, 33, 20_261_130);
    assert!(rows * k > WORDS_AT_ONCE && 17 * k <= WORDS_AT_ONCE);
    for encoding in [Encoding::Bf16, Encoding::SplitBf16, Encoding::Bytes] {
        let (left, right) = (words(rows * k, &mut state), words(weights(encoding, k) * columns, &mut state));
        let all = Multiply { encoding, rows, k, columns, left: &left, right: &right };
        let few = left.chunks(17 * k).map(|left| Multiply { rows: left.len() / k, left, ..all });
        let expected: Vec<f32> = few.flat_map(Multiply::on_model).collect();
        assert_eq!(bits(&all.on_model()), bits(&expected), "{encoding:?}");
        if can(InstructionSet::Amx, encoding) {
            assert_eq!(bits(&all.on(InstructionSet::Amx)), bits(&expected), "{encoding:?}");
        }
    }
}

/// Stores the numbers of a register in lower precision.
struct Store<'a>(Encoding, &'a [f32]);

impl Task for Store<'_> {
    type Output = Vec<f32>;

    unsafe fn run<I: Isa>(self) -> Vec<f32> {
        let Self(encoding, numbers) = self;
        let (mut singles, mut bf16s, mut bytes) = (numbers.to_vec(), vec![0; numbers.len()], vec![0; numbers.len()]);
        for at in (0..numbers.len()).step_by(I::Register::WIDTH) {
            // SAFETY: the caller's CPU has the instructions.
            unsafe {
                let register = I::Register::load(numbers, at);
                match encoding {
                    Encoding::F32 | Encoding::SplitBf16 => {}
                    Encoding::Rounded => register.rounded_to_bf16().store(&mut singles, at),
                    Encoding::Bf16 => register.store_bf16s(&mut bf16s, at),
                    Encoding::Bytes => register.store_bytes(&mut bytes, at),
                }
            }
        }
        match encoding {
            Encoding::F32 | Encoding::SplitBf16 | Encoding::Rounded => singles,
            Encoding::Bf16 => bf16s.into_iter().map(|bits| f32::from_bits(u32::from(bits) << 16)).collect(),
            Encoding::Bytes => bytes.into_iter().map(f32::from).collect(),
        }
    }
}

#[test]
fn numbers_are_rounded_to_the_nearest_on_every_instruction_set() {
    let mut numbers: Vec<f32> =
        (0_u16..4096).map(|i| f32::from(i) / 4095.0 * 255.0).chain([0.5, 1.5, 2.5, 254.5]).collect();
    numbers.resize(numbers.len().next_multiple_of(16), 255.0);
    // SAFETY: the instruction set is supported, and has instructions for bf16 where those are used.
    let stored = |set, encoding| unsafe { dispatch::run(set, Store(encoding, &numbers)) };
    for set in instruction_sets(Precision::F32) {
        for (&x, byte) in numbers.iter().zip(stored(set, Encoding::Bytes)) {
            assert_eq!(byte.to_bits(), x.round_ties_even().to_bits(), "{set:?}: {x}");
        }
    }
    for encoding in [Encoding::Rounded, Encoding::Bf16] {
        for set in sets(encoding) {
            for (&x, rounded) in numbers.iter().zip(stored(set, encoding)) {
                let bits = rounded.to_bits();
                assert_eq!(bits % 0x1_0000, 0, "{set:?}, {encoding:?}: {x} has more digits");
                let [below, above] = [bits - 0x1_0000 * u32::from(rounded > 0.0), bits + 0x1_0000].map(f32::from_bits);
                let distance = (rounded - x).abs();
                assert!(distance <= (below - x).abs() && distance <= (above - x).abs(), "{set:?}, {encoding:?}: {x}");
            }
        }
    }
}

/// Attention of random positions, the last of which are padding.
#[derive(Clone, Copy)]
struct Attend<'a> {
    encoding: Encoding,
    heads: Heads,
    all: usize,
    tokens: usize,
    /// Queries, keys and values, each of shape [all, heads]; padding is zero.
    parts: [&'a [f32]; 3],
}

impl Attend<'_> {
    /// The output number `at` of head `head` for the position `asking`, in f64.
    fn exact(&self, asking: usize, head: usize, at: usize) -> f64 {
        let Self { heads, all, tokens, parts: [queries, keys, values], .. } = *self;
        let of = |part: &[f32], position: usize, at| {
            f64::from(part[position * heads.columns() + head * heads.padded() + at])
        };
        #[allow(clippy::cast_precision_loss)]
        let root = (heads.size as f64).sqrt();
        let share = |position| {
            let score: f64 = (0..heads.size).map(|at| of(queries, asking, at) * of(keys, position, at)).sum();
            (score / root + if position < tokens && tokens < all { 1.0 } else { 0.0 }).exp()
        };
        let sum: f64 = (0..all).map(share).sum();
        (0..all).map(|position| share(position) * of(values, position, at)).sum::<f64>() / sum
    }
}

impl Task for Attend<'_> {
    type Output = Vec<f32>;

    unsafe fn run<I: Isa>(self) -> Vec<f32> {
        let Self { encoding, heads, all, tokens, parts: [queries, keys, values] } = self;
        let columns = heads.columns();
        let rows = keys.chunks(columns).zip(values.chunks(columns));
        let keys_values: Vec<f32> = rows.flat_map(|(keys, values)| [keys, values].concat()).collect();
        let (mut of_queries, mut of_keys_values) = (Encoder::default(), Encoder::default());
        let mut to = vec![0.0; all * columns];
        // SAFETY: the caller's CPU has the instructions.
        unsafe {
            let positions = Positions {
                asking: all,
                all,
                tokens,
                queries: of_queries.encode::<I::Register>(encoding, queries, columns, (all, columns)),
                keys_values: of_keys_values.encode::<I::Register>(
                    encoding,
                    &keys_values,
                    2 * columns,
                    (all, 2 * columns),
                ),
            };
            heads.attend::<I>(&positions, &mut Workspace::default(), Target::F32(&mut to, columns));
        }
        to
    }
}

proptest! {
    #![proptest_config(cases(4))]

    #[test]
    fn attention_is_what_it_says(
        count in 1_usize..4, size in 1_usize..70, all in 1_usize..90, padding in 0_usize..20, seed: u64,
    ) {
        let (heads, tokens) = (Heads { count, size }, all.saturating_sub(padding).max(1));
        let mut state = seed | 1;
        let mut number = |column: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let number = f32::from(i16::try_from((state >> 48).cast_signed() - (1 << 15)).unwrap()) / 32768.0;
            heads.number(column).map_or(0.0, |_| number)
        };
        let part: [Vec<f32>; 3] =
            std::array::from_fn(|_| (0..all * heads.columns()).map(|at| number(at % heads.columns())).collect());
        for (encoding, bound) in [(Encoding::F32, 2e-6), (Encoding::Bf16, 0.01)] {
            let attend = Attend { encoding, heads, all, tokens, parts: part.each_ref().map(Vec::as_slice) };
            // SAFETY: the instruction set is supported, and has instructions for bf16 where those are used.
            let found = |set| unsafe { dispatch::run(set, attend) };
            let mut all_found: Vec<_> = sets(encoding).map(found).collect();
            // SAFETY: the model is plain Rust.
            all_found.push(unsafe { attend.run::<AmxModel>() });
            for found in all_found {
                for (asking, head, at) in [(0, 0, 0), (all - 1, count - 1, size - 1), (all / 2, count / 2, size / 2)] {
                    let expected = attend.exact(asking, head, at);
                    let found = found[asking * heads.columns() + head * heads.padded() + at];
                    prop_assert!((f64::from(found) - expected).abs() < bound, "{encoding:?}: {found}, not {expected}");
                }
            }
        }
    }
}
