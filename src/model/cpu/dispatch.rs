//! From the instruction set that was detected to the code compiled for it.

use super::InstructionSet;
#[cfg(target_arch = "x86_64")]
use super::isa::{Avx2, Avx512};
use super::isa::{Isa, Plain};
use super::register::Register;

/// A computation that is compiled once for each instruction set.
pub(super) trait Task {
    /// What it computes.
    type Output;

    /// Computes it.
    ///
    /// # Safety
    /// The CPU must have `I`'s instructions.
    unsafe fn run<I: Isa>(self) -> Self::Output;
}

/// Computes `task` with `instructions`.
///
/// # Safety
/// The CPU must support `instructions`.
pub(super) unsafe fn run<T: Task>(instructions: InstructionSet, task: T) -> T::Output {
    // SAFETY: plain Rust has no requirement; the rest is the caller's promise.
    unsafe {
        match instructions {
            InstructionSet::Plain => task.run::<Plain>(),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => with_avx2(task),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512 => with_avx512(task),
            #[cfg(not(target_arch = "x86_64"))]
            InstructionSet::Avx2 | InstructionSet::Avx512 => unreachable!("{ELSEWHERE}"),
        }
    }
}

/// What weights are packed for: floats in a register, and registers of columns in a product's tile.
pub(super) fn packing(instructions: InstructionSet) -> (usize, usize) {
    match instructions {
        InstructionSet::Plain => packing_of::<Plain>(),
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx2 => packing_of::<Avx2>(),
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx512 => packing_of::<Avx512>(),
        #[cfg(not(target_arch = "x86_64"))]
        InstructionSet::Avx2 | InstructionSet::Avx512 => unreachable!("{ELSEWHERE}"),
    }
}

/// Why an instruction set of x86-64 cannot come up.
#[cfg(not(target_arch = "x86_64"))]
const ELSEWHERE: &str = "only x86-64 has it, and the caller has asked whether it is supported";

fn packing_of<I: Isa>() -> (usize, usize) {
    (I::Register::WIDTH, I::Register::PANEL)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn with_avx2<T: Task>(task: T) -> T::Output {
    // SAFETY: this function has the features; the rest is the caller's promise.
    unsafe { task.run::<Avx2>() }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
unsafe fn with_avx512<T: Task>(task: T) -> T::Output {
    // SAFETY: this function has the features; the rest is the caller's promise.
    unsafe { task.run::<Avx512>() }
}
