//! Dispatches to the code compiled for the detected instruction set.

use super::InstructionSet;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
use super::isa::Amx;
#[cfg(target_arch = "aarch64")]
use super::isa::Neon;
#[cfg(target_arch = "x86_64")]
use super::isa::{Avx2, Avx512};
use super::isa::{Isa, Plain};
use super::packed::Packing;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
use super::tiles;

/// A computation that is compiled once for each instruction set.
pub(super) trait Task {
    /// The result of the computation.
    type Output;

    /// Runs the computation.
    ///
    /// # Safety
    /// The CPU must have `I`'s instructions.
    unsafe fn run<I: Isa>(self) -> Self::Output;
}

/// Runs `task` with `instructions`.
///
/// # Safety
/// The CPU must support `instructions`.
pub(super) unsafe fn run<T: Task>(instructions: InstructionSet, task: T) -> T::Output {
    // SAFETY: plain Rust has no requirement, and NEON is part of aarch64; the rest is the caller's promise.
    unsafe {
        match instructions {
            InstructionSet::Plain => task.run::<Plain>(),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => with_avx2(task),
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512 => with_avx512(task),
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            InstructionSet::Amx => with_amx(task),
            #[cfg(target_arch = "aarch64")]
            InstructionSet::Neon => task.run::<Neon>(),
            #[allow(unreachable_patterns)] // on x86-64 with Linux all are above
            _ => unreachable!("the caller has asked whether the instruction set is supported"),
        }
    }
}

/// How weights are packed for an instruction set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packings {
    /// For products of f32, and of small bytes.
    pub(super) f32s: Packing,
    /// For all other products.
    pub(super) low: Packing,
}

impl Packings {
    /// The packings of `I`.
    pub(super) const fn of<I: Isa>() -> Self {
        Self { f32s: I::PACKING, low: I::LOW_PACKING }
    }
}

/// The packings for `instructions`.
///
/// # Panics
/// If the CPU does not have them.
pub(super) fn packings(instructions: InstructionSet) -> Packings {
    struct Ask;
    impl Task for Ask {
        type Output = Packings;

        unsafe fn run<I: Isa>(self) -> Packings {
            Packings::of::<I>()
        }
    }
    assert!(instructions.is_supported(), "this CPU has no {}", instructions.name());
    // SAFETY: it is supported.
    unsafe { run(instructions, Ask) }
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

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
unsafe fn with_amx<T: Task>(task: T) -> T::Output {
    /// Releases this thread's tiles when dropped, even if the task panics.
    struct Release;
    impl Drop for Release {
        fn drop(&mut self) {
            // SAFETY: it lives only below, where the CPU has the units.
            unsafe { tiles::Amx::release() }
        }
    }
    let _release = Release;
    // SAFETY: this function has the features; the rest is the caller's promise.
    unsafe { task.run::<Amx>() }
}
