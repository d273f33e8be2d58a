//! Each kernel of the CPU engines on one thread, by instruction set: `cargo bench --bench kernels`.
//!
//! The figure to read is items a second: multiplications and additions of the matrix products and of attention, numbers of
//! the others. Sizes are those of one read of 300 bases in the published model.
#![allow(clippy::unwrap_used)]

use divan::counter::ItemsCount;
use readseeker::model::Precision;
use readseeker::model::cpu::Path;
use readseeker::model::cpu::bert::kernels::{Bench, Kernel};

/// Tokens a read, and numbers a token.
const SIZE: (usize, usize) = (298, 768);

fn main() {
    divan::main();
}

#[divan::bench(args = Path::ALL)]
fn gemm_f32(bencher: divan::Bencher, path: Path) {
    bench(bencher, Kernel::Linear(Precision::F32), path, SIZE);
}

#[divan::bench(args = Path::ALL)]
fn gemm_bf16(bencher: divan::Bencher, path: Path) {
    bench(bencher, Kernel::Linear(Precision::Bf16), path, SIZE);
}

#[divan::bench(args = Path::ALL)]
fn gemm_int8(bencher: divan::Bencher, path: Path) {
    bench(bencher, Kernel::Linear(Precision::Int8), path, SIZE);
}

/// Small products, as the compact network's are: some hundred rows, a few registers of channels.
#[divan::bench(args = Path::ALL)]
fn gemm_f32_small(bencher: divan::Bencher, path: Path) {
    bench(bencher, Kernel::Linear(Precision::F32), path, (100, 64));
}

#[divan::bench(args = Path::ALL)]
fn attention_f32(bencher: divan::Bencher, path: Path) {
    bench(bencher, Kernel::Attention(Precision::F32), path, SIZE);
}

#[divan::bench(args = Path::ALL)]
fn attention_bf16(bencher: divan::Bencher, path: Path) {
    bench(bencher, Kernel::Attention(Precision::Bf16), path, SIZE);
}

#[divan::bench(args = Path::ALL)]
fn softmax(bencher: divan::Bencher, path: Path) {
    bench(bencher, Kernel::Softmax, path, (298, 320));
}

#[divan::bench(args = Path::ALL)]
fn norm(bencher: divan::Bencher, path: Path) {
    bench(bencher, Kernel::Norm, path, SIZE);
}

#[divan::bench(args = Path::ALL)]
fn gelu(bencher: divan::Bencher, path: Path) {
    bench(bencher, Kernel::Gelu, path, SIZE);
}

#[divan::bench(args = Path::ALL)]
fn silu(bencher: divan::Bencher, path: Path) {
    bench(bencher, Kernel::Silu, path, SIZE);
}

fn bench(bencher: divan::Bencher, kernel: Kernel, path: Path, (rows, columns): (usize, usize)) {
    if !path.is_supported_in(kernel.precision()) {
        return;
    }
    let mut kernel = Bench::new(kernel, path, rows, columns);
    bencher.counter(ItemsCount::new(kernel.operations())).bench_local(|| kernel.run());
}
