//! The CPU: its instruction sets, its name in reports, and burn's device on it.

use std::num::NonZero;

use burn::tensor::Device;

#[cfg(target_arch = "x86_64")]
use crate::model::cpu::InstructionSet;

/// The relevant instruction sets of this CPU, oldest first. AVX-512 and AMX are listed if our kernels can use them:
/// with all the parts that they need, and for AMX with the permission of the system.
#[must_use]
pub fn cpu_features() -> Vec<&'static str> {
    #[cfg(target_arch = "x86_64")]
    let avx512 = InstructionSet::Avx512.is_supported();
    #[cfg(target_arch = "x86_64")]
    let found = [
        ("SSE4.2", is_x86_feature_detected!("sse4.2")),
        ("AVX2", is_x86_feature_detected!("avx2")),
        ("FMA", is_x86_feature_detected!("fma")),
        ("AVX-512", avx512),
        ("AVX-512 VNNI", avx512 && is_x86_feature_detected!("avx512vnni")),
        ("AVX-512 BF16", avx512 && is_x86_feature_detected!("avx512bf16")),
        ("AMX", InstructionSet::Amx.is_supported()),
    ];
    #[cfg(target_arch = "aarch64")]
    let found = [
        ("NEON", true),
        ("NEON bf16", std::arch::is_aarch64_feature_detected!("bf16")),
        ("NEON i8mm", std::arch::is_aarch64_feature_detected!("i8mm")),
    ];
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let found: [(&str, bool); 0] = [];
    found.into_iter().filter_map(|(name, has)| has.then_some(name)).collect()
}

/// The name of the CPU in reports: `CPU (2 threads, AVX-512)`.
#[must_use]
pub fn cpu_name(threads: NonZero<usize>) -> String {
    let widest = cpu_features().into_iter().rfind(|feature| ["SSE4.2", "AVX2", "AVX-512", "NEON"].contains(feature));
    cpu_name_with(threads, widest.unwrap_or("plain"))
}

/// The name of the CPU in reports, with the instruction set in use.
pub(in crate::model) fn cpu_name_with(threads: NonZero<usize>, instructions: &str) -> String {
    format!("CPU ({threads} thread{}, {instructions})", if threads.get() == 1 { "" } else { "s" })
}

/// burn's device on the CPU.
pub(in crate::model) fn cpu() -> Device {
    Device::flex()
}
