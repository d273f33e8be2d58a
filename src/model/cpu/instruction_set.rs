//! The instruction sets of the kernels, detected at run time.

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
use super::tiles;
use crate::model::Precision;

/// An instruction set that kernels are written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstructionSet {
    /// Plain Rust: whatever the build's target has.
    Plain,
    /// AVX2 with FMA: x86-64 since about 2013.
    Avx2,
    /// AVX-512 F, BW, DQ, VL: x86-64 servers since about 2017, AMD since Zen 4.
    Avx512,
    /// NEON: every CPU of aarch64. With products of bf16 and bytes where the CPU has `bf16` and `i8mm`.
    Neon,
    /// AVX-512 as above, with products of bf16 and bytes on AMX: Intel's servers since 2023, on Linux.
    Amx,
}

impl InstructionSet {
    /// All instruction sets, the fastest first.
    pub const ALL: [Self; 5] = [Self::Amx, Self::Avx512, Self::Avx2, Self::Neon, Self::Plain];

    /// Whether this CPU has the instruction set.
    #[must_use]
    pub fn is_supported(self) -> bool {
        match self {
            Self::Plain => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
            }
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            Self::Amx => Self::Avx512.is_supported() && tiles::is_available(),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => true,
            _ => false,
        }
    }

    /// Whether this CPU has the instruction set and can multiply in `precision`.
    ///
    /// In int8, AVX-512 and NEON need an instruction for bytes; AVX2 and plain Rust do without. AMX also needs
    /// AVX-512's, for products that are too small for tiles: a virtual machine may have the one and hide the other. In
    /// bf16, numbers are multiplied as f32 where that is faster.
    #[must_use]
    pub fn is_supported_in(self, precision: Precision) -> bool {
        #[cfg(target_arch = "x86_64")]
        let multiplies = match (self, precision) {
            (Self::Avx512 | Self::Amx, Precision::Int8) => is_x86_feature_detected!("avx512vnni"),
            (_, Precision::F16) => false, // for GPUs
            _ => true,
        };
        #[cfg(target_arch = "aarch64")]
        let multiplies = match (self, precision) {
            (Self::Neon, Precision::Int8) => std::arch::is_aarch64_feature_detected!("i8mm"),
            (_, Precision::F16) => false, // for GPUs
            _ => true,
        };
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        let multiplies = precision != Precision::F16;
        multiplies && self.is_supported()
    }

    /// The fastest instruction set of this CPU, or the one that `READSEEKER_CPU` (`plain`, `neon`, `avx2`, `avx512`,
    /// `amx`) names if the CPU has it.
    #[must_use]
    pub fn detect() -> Self {
        Self::detect_in(Precision::F32)
    }

    /// Detects as [`detect`](Self::detect) does, among the instruction sets that can multiply in `precision`.
    #[must_use]
    pub fn detect_in(precision: Precision) -> Self {
        let wanted = Self::wanted();
        Self::ALL
            .into_iter()
            .filter(|set| set.is_supported_in(precision))
            .min_by_key(|set| wanted.as_deref() != Some(set.word()))
            .unwrap_or(Self::Plain)
    }

    /// The slower instruction sets of this CPU that can multiply in `precision`, the fastest first.
    pub fn slower_in(self, precision: Precision) -> impl Iterator<Item = Self> {
        let slower = Self::ALL.into_iter().skip_while(move |&set| set != self).skip(1);
        slower.filter(move |set| set.is_supported_in(precision))
    }

    /// The value of `READSEEKER_CPU` if that is not what runs: this CPU lacks the instruction set, or lacks it in this
    /// precision, or the network does not use it. If something else than our kernels runs, only the CPU is asked.
    #[must_use]
    pub fn wanted_in_vain(runs: Option<Self>) -> Option<String> {
        let is_idle = |wanted: &String| match runs {
            Some(set) => set.word() != wanted,
            None => Self::of_word(wanted).is_none(),
        };
        Self::wanted().filter(is_idle)
    }

    /// The instruction set that this value of `READSEEKER_CPU` names, if this CPU has it.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::supported().find(|set| set.word() == word)
    }

    /// The values of `READSEEKER_CPU` that this CPU supports: `amx, avx512, avx2, plain`.
    #[must_use]
    pub fn words() -> String {
        Self::supported().map(Self::word).collect::<Vec<_>>().join(", ")
    }

    /// The instruction sets of this CPU, the fastest first.
    fn supported() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|set| set.is_supported())
    }

    /// The value of `READSEEKER_CPU`.
    fn wanted() -> Option<String> {
        std::env::var("READSEEKER_CPU").ok().filter(|word| !word.is_empty())
    }

    /// The instruction set to use where products are too small for tiles.
    #[must_use]
    pub(super) fn without_tiles(self) -> Self {
        if self == Self::Amx { Self::Avx512 } else { self }
    }

    /// The name of the instruction set in `READSEEKER_CPU`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Neon => "neon",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Amx => "amx",
        }
    }

    /// The name of the instruction set for people: `AMX`, `AVX-512`, `AVX2`, `NEON`, `plain`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Neon => "NEON",
            Self::Avx2 => "AVX2",
            Self::Avx512 => "AVX-512",
            Self::Amx => "AMX",
        }
    }
}
