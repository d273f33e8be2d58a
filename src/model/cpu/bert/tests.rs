//! The engine against the original's answers and against burn; its kernels against arithmetic in f64 or integers.

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use safetensors::tensor::{Dtype, TensorView};

use super::super::gemm::{Packed, Product, Rows, Stream};
use super::super::lanes::{self, Lanes, Task, half};
use super::attention::{Heads, Positions, Workspace};
use super::words::{Words, has_halves};
use super::{Engine, Path, Precision, Scratch};
use crate::kmer;
use crate::model::bert::{Bert, Config, prediction};
use crate::model::checkpoint::{Checkpoint, Settings, Weights};
use crate::model::form::Form;
use crate::model::{Attention, device};

const PRECISIONS: [Precision; 3] = [Precision::F32, Precision::Bf16, Precision::Int8];
const CHECKPOINTS: [&str; 5] = ["k6_tiny_zip", "k6_tiny_legacy", "k5_tiny_zip", "k6_deep_zip", "k3_odd_names"];

/// Hidden size, heads, intermediate size, layers: heads of 8, 12, 48 and 64, panels of one to three registers.
const SHAPES: [[usize; 4]; 4] = [[16, 2, 32, 1], [48, 4, 192, 2], [96, 2, 80, 2], [64, 1, 64, 3]];

/// How often to try what chance decides: unoptimised, the kernels are a hundred times slower.
const EFFORT: usize = if cfg!(debug_assertions) { 1 } else { 20 };

/// Tokens a random BERT reads at most.
const POSITIONS: usize = if cfg!(debug_assertions) { 40 } else { 298 };

fn cases(count: usize) -> ProptestConfig {
    ProptestConfig::with_cases(u32::try_from(count * EFFORT).unwrap())
}

fn paths(precision: Precision) -> impl Iterator<Item = Path> {
    Path::ALL.into_iter().filter(move |path| path.is_supported_in(precision))
}

/// How far a probability may be from the reference's.
fn bound(precision: Precision) -> f32 {
    match precision {
        Precision::F32 => 1e-5,
        Precision::Bf16 => 0.01,
        Precision::Int8 => 0.03,
        Precision::F16 => unreachable!("it is for GPUs"),
    }
}

/// What a read is padded to.
fn padded(config: &Config, attention: Attention) -> usize {
    match attention {
        Attention::Published => config.max_tokens(),
        Attention::Masked => 0,
    }
}

fn engine(config: &Config, path: Path, precision: Precision, weights: &mut Weights) -> Engine {
    Engine::new(&config.shape(), path, precision, |name, shape| weights.take(name, shape)).unwrap()
}

#[test]
fn every_path_says_what_the_original_said() {
    for name in CHECKPOINTS {
        let name = format!("parity/{name}");
        let table = format!("{}/testdata/{name}/golden.tsv", env!("CARGO_MANIFEST_DIR"));
        let table = std::fs::read_to_string(table).unwrap();
        let open = || Checkpoint::of_tests(&name);
        for precision in PRECISIONS {
            for path in paths(precision) {
                let Checkpoint { mut weights, settings: Settings::Bert { config, .. }, .. } = open() else {
                    panic!("{name} is no BERT");
                };
                let (engine, mut scratch) = (engine(&config, path, precision, &mut weights), Scratch::default());
                let mut largest = 0.0_f32;
                for line in table.lines().skip(1) {
                    let fields: Vec<&str> = line.split('\t').collect();
                    let ids: Vec<u16> = fields[3].split(',').map(|id| id.parse().unwrap()).collect();
                    for (attention, expected) in [(Attention::Published, fields[1]), (Attention::Masked, fields[2])] {
                        if EFFORT == 1 && (attention == Attention::Published || ids.len() > 60) {
                            continue; // the integration tests try these
                        }
                        let ids = &ids[1..ids.len() - 1];
                        let logits = engine.forward(ids, padded(&config, attention), &mut scratch);
                        let difference = prediction(logits).probability - expected.parse::<f32>().unwrap();
                        largest = largest.max(difference.abs());
                    }
                }
                eprintln!("{name}, {path:?}, {precision:?}: {largest:e}");
                assert!(largest <= bound(precision), "{name}, {path:?}, {precision:?}: {largest}");
                assert!(precision == Precision::F32 || largest > 1e-6, "{precision:?} did not show");
            }
        }
    }
}

/// A BERT of 3-mers with random weights, large enough that every path through it matters.
fn random([hidden, heads, intermediate, layers]: [usize; 4]) -> (Config, impl Fn() -> Weights) {
    let json = serde_json::json!({
        "vocab_size": 69, "hidden_size": hidden, "num_hidden_layers": layers, "num_attention_heads": heads,
        "intermediate_size": intermediate, "max_position_embeddings": POSITIONS, "type_vocab_size": 2, "hidden_act": "gelu",
    });
    let config = Config::parse(json.to_string().as_bytes(), kmer::vocab_size(3)).unwrap();
    let mut shapes = BTreeMap::new();
    let mut layer = |name: &str, shape: &[usize]| {
        shapes.insert(format!("{name}.weight"), shape.to_vec());
        if !name.ends_with("_embeddings") {
            shapes.insert(format!("{name}.bias"), shape[..1].to_vec());
        }
    };
    for (table, rows) in [("word", 69), ("position", POSITIONS), ("token_type", 2)] {
        layer(&format!("bert.embeddings.{table}_embeddings"), &[rows, hidden]);
    }
    layer("bert.embeddings.LayerNorm", &[hidden]);
    for number in 0..layers {
        let mut part = |part: &str, shape: &[usize]| layer(&format!("bert.encoder.layer.{number}.{part}"), shape);
        for square in ["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"] {
            part(square, &[hidden, hidden]);
        }
        part("attention.output.LayerNorm", &[hidden]);
        part("intermediate.dense", &[intermediate, hidden]);
        part("output.dense", &[hidden, intermediate]);
        part("output.LayerNorm", &[hidden]);
    }
    layer("bert.pooler.dense", &[hidden, hidden]);
    layer("classifier", &[2, hidden]);
    let mut state = 20_261_122;
    let tensors: Vec<(String, Vec<usize>, Vec<u8>)> = shapes
        .into_iter()
        .map(|(name, shape)| {
            let scale = 1.5 / count(shape.get(1).copied().unwrap_or(4)).sqrt();
            let offset = if name.ends_with("LayerNorm.weight") { 1.0 } else { 0.0 };
            let value = |_| (offset + scale * noise(&mut state)).to_le_bytes();
            let values = (0..shape.iter().product::<usize>()).flat_map(value).collect();
            (name, shape, values)
        })
        .collect();
    let weights = move || {
        let views =
            tensors.iter().map(|(name, shape, data)| (name, TensorView::new(Dtype::F32, shape.clone(), data).unwrap()));
        Weights::safetensors("random", safetensors::serialize(views, None).unwrap()).unwrap()
    };
    (config, weights)
}

#[allow(clippy::cast_precision_loss)]
fn count(n: usize) -> f32 {
    n as f32
}

/// -1 to 1.
fn noise(state: &mut u64) -> f32 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    count(usize::try_from(*state >> 40).unwrap()) / 8_388_608.0 - 1.0
}

fn ids() -> impl Strategy<Value = Vec<u16>> {
    proptest::collection::vec(1_u16..69, 0..=POSITIONS - 2)
}

fn attention() -> impl Strategy<Value = Attention> {
    prop_oneof![Just(Attention::Published), Just(Attention::Masked)]
}

#[test]
fn every_path_computes_what_burn_does_in_any_shape() {
    let device = device::cpu();
    for shape in SHAPES {
        let (config, weights) = random(shape);
        let burn = [Attention::Published, Attention::Masked].map(|attention| {
            (attention, Bert::load(&config, attention, Form::EXACT, &mut weights(), &device).unwrap())
        });
        let engines: Vec<(Precision, Engine)> = PRECISIONS
            .into_iter()
            .flat_map(|precision| paths(precision).map(move |path| (precision, path)))
            .map(|(precision, path)| (precision, engine(&config, path, precision, &mut weights())))
            .collect();
        let scratch = RefCell::new(Scratch::default());
        proptest!(cases(1), |(ids in ids())| {
            for (attention, burn) in &burn {
                let tokens = padded(&config, *attention).max(ids.len() + 2);
                let expected = burn.forward(&[&ids], tokens, &device).try_into_vec_as::<f32>().unwrap();
                for (precision, engine) in &engines {
                    let logits = engine.forward(&ids, padded(&config, *attention), &mut scratch.borrow_mut());
                    let (one, other) = (logits[1] - logits[0], expected[1] - expected[0]);
                    // What differs by 4 b in logits differs by b at most in probability.
                    let allowed = 4.0 * bound(*precision) * expected.iter().fold(1.0, |size, x| x.abs().max(size));
                    let difference = (one - other).abs();
                    prop_assert!(
                        difference <= allowed, "{shape:?}, {attention:?}, {:?}, {precision:?}: {difference}", engine.path()
                    );
                }
            }
        });
    }
}

#[test]
fn a_read_gets_the_same_logits_whatever_was_read_before() {
    for precision in PRECISIONS {
        let (config, weights) = random(SHAPES[1]);
        let engines: Vec<Engine> =
            paths(precision).map(|path| engine(&config, path, precision, &mut weights())).collect();
        let used = RefCell::new(Scratch::default());
        proptest!(cases(2), |(read in ids(), before in ids(), mode in attention(), mode_before in attention())| {
            for engine in &engines {
                let _ = engine.forward(&before, padded(&config, mode_before), &mut used.borrow_mut());
                let alone = engine.forward(&read, padded(&config, mode), &mut Scratch::default());
                let after = engine.forward(&read, padded(&config, mode), &mut used.borrow_mut());
                prop_assert_eq!(after.map(f32::to_bits), alone.map(f32::to_bits));
            }
        });
    }
}

/// Runs `Self::0` on each number of its input, padded to whole registers.
struct Map<'a, F>(&'a [f32], F);

/// A function of a register.
trait Function {
    unsafe fn of<L: Lanes>(&self, x: L) -> L;
}

impl<F: Function> Task for Map<'_, F> {
    type Output = Vec<f32>;

    unsafe fn run<L: Lanes>(self) -> Vec<f32> {
        let mut values = self.0.to_vec();
        values.resize(self.0.len().next_multiple_of(16), 0.0);
        for at in (0..values.len()).step_by(L::WIDTH) {
            // SAFETY: the caller's CPU has the instructions.
            unsafe { self.1.of(L::load(&values, at)).store(&mut values, at) }
        }
        values.truncate(self.0.len());
        values
    }
}

struct Gelu;

impl Function for Gelu {
    unsafe fn of<L: Lanes>(&self, x: L) -> L {
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
    for path in paths(Precision::F32) {
        // SAFETY: the path is supported.
        let gelu = unsafe { lanes::run(path, Map(&x, Gelu)) };
        for (&x, gelu) in x.iter().zip(gelu) {
            let wide = f64::from(x);
            let expected = if x.abs() > 12.0 { wide.max(0.0) } else { wide * normal(wide) };
            let difference = (f64::from(gelu) - expected).abs();
            assert!(difference <= 2e-7 * wide.abs().max(1.0), "{path:?}: gelu({x}) = {gelu}, not {expected}");
        }
    }
}

/// `rows` rows of `k` words times `k` words by `columns`, on sums that start at zero.
struct Multiply<'a> {
    words: Words,
    path: Path,
    rows: usize,
    k: usize,
    columns: usize,
    left: &'a [f32],
    right: &'a [f32],
}

impl Task for Multiply<'_> {
    type Output = Vec<f32>;

    unsafe fn run<L: Lanes>(self) -> Vec<f32> {
        let Self { words, path, rows, k, columns, left, right } = self;
        let weights = Packed::new(k, columns, lanes::packing(path), |k, column| right[k * columns + column]);
        let zeros = vec![0.0; weights.columns()];
        let mut to = vec![0.0; rows * weights.columns()];
        let product = Product { from: left, stride: k, rows, weights: &weights, start: &zeros, start_stride: 0 };
        let mut sink = Rows { to: &mut to, stride: weights.columns() };
        // SAFETY: the caller's CPU has the instructions.
        unsafe { words.multiply::<L>(product, &mut Stream::default(), &mut sink) };
        to.chunks(weights.columns()).flat_map(|row| row[..columns].to_vec()).collect()
    }
}

proptest! {
    #![proptest_config(cases(8))]

    #[test]
    fn products_of_bytes_are_exact_on_every_path(
        rows in 1_usize..20, k in 1_usize..70, columns in 1_usize..100, seed in 1_u64..u64::MAX,
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
        for path in paths(Precision::Int8) {
            let task = Multiply {
                words: Words::Bytes, path, rows, k, columns, left: &left_words, right: &right_words,
            };
            // SAFETY: the path is supported.
            let sums = unsafe { lanes::run(path, task) };
            for (at, sum) in sums.iter().enumerate() {
                let (row, column) = (at / columns, at % columns);
                let product = |i: usize| {
                    let weight = right[(i / 4 * columns + column) * 4 + i % 4].cast_signed();
                    i32::from(left[row * 4 * k + i]) * i32::from(weight)
                };
                let expected: i32 = (0..4 * k).map(product).sum();
                prop_assert_eq!(sum.to_bits().cast_signed(), expected, "{:?}", path);
            }
        }
    }

    #[test]
    fn products_of_halves_are_near_those_of_their_numbers(
        rows in 1_usize..20, k in 1_usize..70, columns in 1_usize..100, seed in 1_u64..u64::MAX,
    ) {
        let mut state = seed;
        let mut halves = |count: usize| -> Vec<u16> { (0..2 * count).map(|_| half(noise(&mut state))).collect() };
        let (left, right) = (halves(rows * k), halves(k * columns));
        let words = |halves: &[u16]| -> Vec<f32> {
            halves.chunks(2).map(|word| f32::from_bits(u32::from(word[0]) | u32::from(word[1]) << 16)).collect()
        };
        let (left_words, right_words) = (words(&left), words(&right));
        let number = |half: u16| f64::from(f32::from_bits(u32::from(half) << 16));
        for path in Path::ALL.into_iter().filter(|&path| has_halves(path)) {
            let task = Multiply {
                words: Words::Halves, path, rows, k, columns, left: &left_words, right: &right_words,
            };
            // SAFETY: the path has the instruction.
            let sums = unsafe { lanes::run(path, task) };
            for (at, sum) in sums.iter().enumerate() {
                let (row, column) = (at / columns, at % columns);
                let product = |i: usize| {
                    number(left[row * 2 * k + i]) * number(right[(i / 2 * columns + column) * 2 + i % 2])
                };
                let expected: f64 = (0..2 * k).map(product).sum();
                prop_assert!((f64::from(*sum) - expected).abs() < 1e-5, "{:?}: {} is not {}", path, sum, expected);
            }
        }
    }
}

/// Stores a register's numbers in lower precision.
struct Store<'a>(Words, &'a [f32]);

impl Task for Store<'_> {
    type Output = Vec<f32>;

    unsafe fn run<L: Lanes>(self) -> Vec<f32> {
        let Self(words, numbers) = self;
        let (mut singles, mut halves, mut bytes) = (numbers.to_vec(), vec![0; numbers.len()], vec![0; numbers.len()]);
        for at in (0..numbers.len()).step_by(L::WIDTH) {
            // SAFETY: the caller's CPU has the instructions.
            unsafe {
                let register = L::load(numbers, at);
                match words {
                    Words::Singles => {}
                    Words::Rounded => register.with_digits_of_half().store(&mut singles, at),
                    Words::Halves => register.store_halves(&mut halves, at),
                    Words::Bytes => register.store_bytes(&mut bytes, at),
                }
            }
        }
        match words {
            Words::Singles | Words::Rounded => singles,
            Words::Halves => halves.into_iter().map(|half| f32::from_bits(u32::from(half) << 16)).collect(),
            Words::Bytes => bytes.into_iter().map(f32::from).collect(),
        }
    }
}

#[test]
fn numbers_are_rounded_to_the_nearest_on_every_path() {
    let mut numbers: Vec<f32> =
        (0_u16..4096).map(|i| f32::from(i) / 4095.0 * 255.0).chain([0.5, 1.5, 2.5, 254.5]).collect();
    numbers.resize(numbers.len().next_multiple_of(16), 255.0);
    // SAFETY: the path is supported, and has the instruction where it stores halves.
    let stored = |path, words| unsafe { lanes::run(path, Store(words, &numbers)) };
    for path in paths(Precision::F32) {
        for (&x, byte) in numbers.iter().zip(stored(path, Words::Bytes)) {
            assert_eq!(byte.to_bits(), x.round_ties_even().to_bits(), "{path:?}: {x}");
        }
        for words in [Words::Rounded, Words::Halves] {
            if words == Words::Halves && !has_halves(path) {
                continue;
            }
            for (&x, half) in numbers.iter().zip(stored(path, words)) {
                let bits = half.to_bits();
                assert_eq!(bits % 0x1_0000, 0, "{path:?}, {words:?}: {x} has more digits");
                let [below, above] = [bits - 0x1_0000 * u32::from(half > 0.0), bits + 0x1_0000].map(f32::from_bits);
                let distance = (half - x).abs();
                assert!(distance <= (below - x).abs() && distance <= (above - x).abs(), "{path:?}, {words:?}: {x}");
            }
        }
    }
}

/// Attention of random positions, the last of which are padding.
#[derive(Clone, Copy)]
struct Attend<'a> {
    words: Words,
    heads: Heads,
    all: usize,
    tokens: usize,
    /// Queries, keys and values, [all, heads] each, padding zero.
    parts: [&'a [f32]; 3],
}

impl Attend<'_> {
    /// Number `at` of head `head` that position `asking` gets, in f64.
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

    unsafe fn run<L: Lanes>(self) -> Vec<f32> {
        let Self { words, heads, all, tokens, parts: [queries, keys, values] } = self;
        let columns = heads.columns();
        let rows = keys.chunks(columns).zip(values.chunks(columns));
        let keys_values: Vec<f32> = rows.flat_map(|(keys, values)| [keys, values].concat()).collect();
        let positions = Positions {
            asking: all,
            all,
            tokens,
            queries,
            query_stride: columns,
            keys_values: &keys_values,
            key_value_stride: 2 * columns,
        };
        let mut to = vec![0.0; all * columns];
        // SAFETY: the caller's CPU has the instructions.
        unsafe { heads.attend::<L>(words, &positions, &mut Workspace::default(), &mut to, columns) };
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
        for (words, bound) in [(Words::Singles, 2e-6), (Words::Halves, 0.01)] {
            let attend = Attend { words, heads, all, tokens, parts: part.each_ref().map(Vec::as_slice) };
            for path in paths(Precision::F32).filter(|&path| words == Words::Singles || has_halves(path)) {
                // SAFETY: the path is supported, and has the instruction for halves.
                let found = unsafe { lanes::run(path, attend) };
                for (asking, head, at) in [(0, 0, 0), (all - 1, count - 1, size - 1), (all / 2, count / 2, size / 2)] {
                    let expected = attend.exact(asking, head, at);
                    let found = found[asking * heads.columns() + head * heads.padded() + at];
                    prop_assert!((f64::from(found) - expected).abs() < bound, "{path:?} {words:?}: {found}, not {expected}");
                }
            }
        }
    }
}
