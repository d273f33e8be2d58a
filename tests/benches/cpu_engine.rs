//! The built-in compact model's network on one thread: `cargo bench --bench cpu_engine`.
//!
//! Benchmarks vary the instructions, the precision (true: int8) and the read length.
//!
//! The figure to read is items per second; an item is a read. Weights are random, which costs the same; bases are
//! random, which is the worst case for caching the table.
#![allow(clippy::unwrap_used)]

use divan::counter::ItemsCount;
use readseeker::model::Precision;
use readseeker::model::cpu::InstructionSet;
use readseeker::model::cpu::compact::{Engine, Scratch, Shape};

const READS: usize = 1000;
/// The shape of the built-in compact model.
const SHAPE: Shape = Shape { embedding: 32, channels: 32, blocks: 0, levels: 2, pool: 2, hidden: 64 };

fn main() {
    divan::main();
}

#[divan::bench(args = [100, 150, 300], consts = [F32, INT8])]
fn avx512<const BYTES: bool>(bencher: divan::Bencher, bases: usize) {
    bench(bencher, (InstructionSet::Avx512, precision(BYTES)), bases);
}

#[divan::bench(args = [100, 150, 300], consts = [F32, INT8])]
fn avx2<const BYTES: bool>(bencher: divan::Bencher, bases: usize) {
    bench(bencher, (InstructionSet::Avx2, precision(BYTES)), bases);
}

#[divan::bench(args = [100, 150, 300], consts = [F32, INT8])]
fn plain<const BYTES: bool>(bencher: divan::Bencher, bases: usize) {
    bench(bencher, (InstructionSet::Plain, precision(BYTES)), bases);
}

/// Lays out the weights, which every start of the program does.
#[divan::bench(consts = [F32, INT8])]
fn load<const BYTES: bool>() -> Engine {
    engine(InstructionSet::detect_in(precision(BYTES)), precision(BYTES))
}

/// The precision as a flag, because a benchmark's constants cannot be of an enum type: true for int8.
const F32: bool = false;
const INT8: bool = true;

fn precision(bytes: bool) -> Precision {
    if bytes { Precision::Int8 } else { Precision::F32 }
}

fn bench(bencher: divan::Bencher, (instructions, precision): (InstructionSet, Precision), bases: usize) {
    if !instructions.is_supported_in(precision) {
        return;
    }
    let mut state = 1;
    let reads: Vec<Vec<u16>> = (0..READS).map(|_| read(bases, &mut state)).collect();
    let (engine, mut scratch) = (engine(instructions, precision), Scratch::default());
    bencher.counter(ItemsCount::new(READS)).bench_local(|| {
        engine.each(reads.iter().map(Vec::as_slice), &mut scratch, |logits| {
            divan::black_box(logits);
        });
    });
}

fn engine(instructions: InstructionSet, precision: Precision) -> Engine {
    let mut state = 2;
    let tensor = |name: &str, shape: &[usize]| {
        let scale = if name.starts_with("embedding") { 1.0 } else { 0.1 };
        let mut values: Vec<f32> = (0..shape.iter().product()).map(|_| scale * noise(&mut state)).collect();
        if name == "embedding.weight" {
            values[..5 * shape[1]].fill(0.0); // the special tokens
        }
        Ok::<_, std::convert::Infallible>(values)
    };
    Engine::new(SHAPE, instructions, precision, tensor).unwrap()
}

/// The tokens of a read of random bases: each 6-mer is the previous one shifted by a base.
fn read(bases: usize, state: &mut u64) -> Vec<u16> {
    let mut kmer = 0;
    (0..bases - 5)
        .map(|_| {
            kmer = (kmer << 2 | u16::try_from(random(state) >> 62).unwrap()) & 0xfff;
            kmer + 5
        })
        .collect()
}

/// A random number from -1 to 1.
fn noise(state: &mut u64) -> f32 {
    f32::from(i16::try_from((random(state) >> 48).cast_signed() - (1 << 15)).unwrap()) / 32768.0
}

fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state
}
