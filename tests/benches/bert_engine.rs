//! A BERT of full size on one thread, by precision and tokens: `cargo bench --bench bert_engine`.
//!
//! The figure to read is items per second; an item is a read. Weights are random, which costs the same.
//! `READSEEKER_CPU` chooses the instructions.
#![allow(clippy::unwrap_used)]

use divan::counter::ItemsCount;
use readseeker::model::Precision;
use readseeker::model::cpu::InstructionSet;
use readseeker::model::cpu::bert::{Engine, Scratch, Shape};

/// The published model's shape, but with four of its twelve layers: a third of the time and of the memory.
const SHAPE: Shape = Shape {
    vocabulary: 4101,
    hidden: 768,
    layers: 4,
    heads: 12,
    intermediate: 3072,
    positions: 512,
    types: 2,
    epsilon: 1e-12,
};

fn main() {
    divan::main();
}

#[divan::bench(args = [147, 298], sample_count = 10)]
fn f32(bencher: divan::Bencher, tokens: usize) {
    bench(bencher, Precision::F32, tokens);
}

#[divan::bench(args = [147, 298], sample_count = 10)]
fn bf16(bencher: divan::Bencher, tokens: usize) {
    bench(bencher, Precision::Bf16, tokens);
}

#[divan::bench(args = [147, 298], sample_count = 10)]
fn int8(bencher: divan::Bencher, tokens: usize) {
    bench(bencher, Precision::Int8, tokens);
}

fn bench(bencher: divan::Bencher, precision: Precision, tokens: usize) {
    let mut state = 1_u64;
    let tensor = |name: &str, shape: &[usize]| {
        let offset = if name.ends_with("LayerNorm.weight") { 1.0 } else { 0.0 };
        let mut value = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            offset + f32::from(i16::try_from((state >> 48).cast_signed() - (1 << 15)).unwrap()) / 1e6
        };
        Ok::<_, std::convert::Infallible>((0..shape.iter().product::<usize>()).map(|_| value()).collect())
    };
    let engine = Engine::new(&SHAPE, InstructionSet::detect_in(precision), precision, tensor).unwrap();
    let ids: Vec<u16> = (0..u16::try_from(tokens - 2).unwrap()).map(|at| 5 + at * 13 % 4096).collect();
    let mut scratch = Scratch::default();
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| engine.forward(&ids, 0, &mut scratch));
}
