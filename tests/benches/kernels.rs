//! Each kernel of the CPU engines on one thread, by instruction set: `cargo bench --bench kernels`.
//!
//! The figure to read is items per second; an item is one multiplication or addition in the matrix products and
//! attention, and one number in the other kernels. Sizes are those of one read of 300 bases in the published model.
#![allow(clippy::unwrap_used)]

use divan::counter::ItemsCount;
use readseeker::model::Precision;
use readseeker::model::cpu::InstructionSet;
use readseeker::model::cpu::bert::bench::{Bench, Kernel};

/// The tokens of a read, and the numbers of a token.
const SIZE: (usize, usize) = (298, 768);

fn main() {
    divan::main();
}

#[divan::bench(args = InstructionSet::ALL)]
fn gemm_f32(bencher: divan::Bencher, instructions: InstructionSet) {
    bench(bencher, Kernel::Linear(Precision::F32), instructions, SIZE);
}

#[divan::bench(args = InstructionSet::ALL)]
fn gemm_bf16(bencher: divan::Bencher, instructions: InstructionSet) {
    bench(bencher, Kernel::Linear(Precision::Bf16), instructions, SIZE);
}

#[divan::bench(args = InstructionSet::ALL)]
fn gemm_int8(bencher: divan::Bencher, instructions: InstructionSet) {
    bench(bencher, Kernel::Linear(Precision::Int8), instructions, SIZE);
}

/// Small products, like those of the compact network: about a hundred rows, a few registers of channels.
#[divan::bench(args = InstructionSet::ALL)]
fn gemm_f32_small(bencher: divan::Bencher, instructions: InstructionSet) {
    bench(bencher, Kernel::Linear(Precision::F32), instructions, (100, 64));
}

#[divan::bench(args = InstructionSet::ALL)]
fn attention_f32(bencher: divan::Bencher, instructions: InstructionSet) {
    bench(bencher, Kernel::Attention(Precision::F32), instructions, SIZE);
}

#[divan::bench(args = InstructionSet::ALL)]
fn attention_bf16(bencher: divan::Bencher, instructions: InstructionSet) {
    bench(bencher, Kernel::Attention(Precision::Bf16), instructions, SIZE);
}

#[divan::bench(args = InstructionSet::ALL)]
fn softmax(bencher: divan::Bencher, instructions: InstructionSet) {
    bench(bencher, Kernel::Softmax, instructions, (298, 320));
}

#[divan::bench(args = InstructionSet::ALL)]
fn norm(bencher: divan::Bencher, instructions: InstructionSet) {
    bench(bencher, Kernel::Norm, instructions, SIZE);
}

#[divan::bench(args = InstructionSet::ALL)]
fn gelu(bencher: divan::Bencher, instructions: InstructionSet) {
    bench(bencher, Kernel::Gelu, instructions, SIZE);
}

#[divan::bench(args = InstructionSet::ALL)]
fn silu(bencher: divan::Bencher, instructions: InstructionSet) {
    bench(bencher, Kernel::Silu, instructions, SIZE);
}

fn bench(bencher: divan::Bencher, kernel: Kernel, instructions: InstructionSet, (rows, columns): (usize, usize)) {
    if !instructions.is_supported_in(kernel.precision()) {
        return;
    }
    let mut kernel = Bench::new(kernel, instructions, rows, columns);
    bencher.counter(ItemsCount::new(kernel.operations())).bench_local(|| kernel.run());
}
