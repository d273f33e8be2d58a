//! The compact network on the CPU: our own kernels, one read at a time, the same answer whatever runs beside it.
//!
//! [`Engine`] computes what `compact.rs` defines, in f32 unless told otherwise, about an order of magnitude faster than a
//! general engine can:
//! - the stem reads an embedding, so each token's share of each tap's output is tabulated once (`network`);
//! - a convolution of a block or a coarser level runs in Winograd's domain, F(6, 3), with eight multiplications for eighteen (`block`);
//! - weights lie packed for the registers they are multiplied in (`gemm`), and a read's rows never leave the cache;
//! - the head takes the features of several reads at once (`head`).
//!
//! In [`Precision::Int8`] the first convolution after the stem multiplies bytes (`bytes`) and the table holds integers of
//! sixteen bits.
//!
//! One algorithm, three register files (`lanes`): AVX-512, AVX2 and plain Rust, which the compiler turns into whatever
//! the target has (NEON on aarch64). The first two and NEON agree to the last bit: every number is computed by the same
//! operations in the same order. Plain Rust on x86 has no fused multiply-add and differs in the last bits.
//!
//! A read and its reverse complement get the very same probability, bit for bit.
//!
//! The only `unsafe` of the crate lives here. It is of three kinds: intrinsics, sound because [`Engine::new`] picks a path
//! only after asking the CPU; unchecked loads and stores, each checked by a `debug_assert` in the tests' profile or by the
//! product's own asserts beforehand; and views of a register's or an aligned slice's bits as numbers of another kind.
#![allow(unsafe_code)]
#![allow(clippy::inline_always)] // a kernel left out of line loses its caller's target features

mod aligned;
pub mod bert;
mod block;
mod bytes;
mod gemm;
mod head;
mod lanes;
mod network;
mod table;
#[cfg(test)]
mod tests;

use network::Network;
pub use network::{Scratch, Shape};

use super::Precision;

/// Which instructions the kernels use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// Plain Rust: whatever the build's target has.
    Plain,
    /// AVX2 with FMA: x86-64 since about 2013.
    Avx2,
    /// AVX-512 F, BW, DQ, VL: x86-64 servers since about 2017, AMD since Zen 4.
    Avx512,
}

impl Path {
    /// All, the fastest first.
    pub const ALL: [Self; 3] = [Self::Avx512, Self::Avx2, Self::Plain];

    /// Whether this CPU can.
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
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    /// Whether this CPU can, and multiply in `precision`: without an instruction for bytes AVX2 makes do, and AVX-512
    /// is not taken; bf16 is multiplied as f32 where that is faster.
    #[must_use]
    pub fn is_supported_in(self, precision: Precision) -> bool {
        #[cfg(target_arch = "x86_64")]
        let multiplies = match (self, precision) {
            (Self::Avx512, Precision::Int8) => is_x86_feature_detected!("avx512vnni"),
            (_, Precision::F16) => false, // for GPUs
            _ => true,
        };
        #[cfg(not(target_arch = "x86_64"))]
        let multiplies = matches!(precision, Precision::F32 | Precision::Bf16 | Precision::Int8);
        multiplies && self.is_supported()
    }

    /// The fastest this CPU can, or the one that `READSEEKER_CPU` (`plain`, `avx2`, `avx512`) names if it can that.
    #[must_use]
    pub fn detect() -> Self {
        Self::detect_in(Precision::F32)
    }

    /// [`detect`](Self::detect), of those that can multiply in `precision`.
    #[must_use]
    pub fn detect_in(precision: Precision) -> Self {
        let wanted = Self::wanted();
        Self::ALL
            .into_iter()
            .filter(|path| path.is_supported_in(precision))
            .min_by_key(|path| wanted.as_deref() != Some(path.word()))
            .unwrap_or(Self::Plain)
    }

    /// What `READSEEKER_CPU` says, if that is none that this CPU can.
    #[must_use]
    pub fn wanted_in_vain() -> Option<String> {
        Self::wanted().filter(|wanted| !Self::supported().any(|path| path.word() == wanted))
    }

    /// What `READSEEKER_CPU` may say on this CPU: `avx512, avx2, plain`.
    #[must_use]
    pub fn words() -> String {
        Self::supported().map(Self::word).collect::<Vec<_>>().join(", ")
    }

    /// Those this CPU can, the fastest first.
    fn supported() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|path| path.is_supported())
    }

    /// What `READSEEKER_CPU` says.
    fn wanted() -> Option<String> {
        std::env::var("READSEEKER_CPU").ok().filter(|word| !word.is_empty())
    }

    /// As `READSEEKER_CPU` spells it.
    fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    /// For people: `AVX-512`, `AVX2`, `plain`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Avx2 => "AVX2",
            Self::Avx512 => "AVX-512",
        }
    }
}

/// The compact network, its weights laid out for one [`Path`].
#[derive(Debug)]
pub struct Engine {
    network: Network,
    path: Path,
}

impl Engine {
    /// Lays out the weights: `tensor(name, shape)` returns the tensor of that name, row-major, normalisations folded in.
    ///
    /// # Errors
    /// Whatever `tensor` returns.
    ///
    /// # Panics
    /// If the CPU cannot do `path` in `precision`, the precision is not f32 or, where the shape takes bytes, int8, or a
    /// tensor has not as many numbers as its shape says.
    pub fn new<E>(
        shape: Shape,
        path: Path,
        precision: Precision,
        tensor: impl FnMut(&str, &[usize]) -> Result<Vec<f32>, E>,
    ) -> Result<Self, E> {
        assert!(path.is_supported_in(precision), "this CPU has no {} in {}", path.name(), precision.name());
        let fits = precision == Precision::F32 || precision == Precision::Int8 && shape.takes_bytes();
        assert!(fits, "a network of this shape has no {}", precision.name());
        Ok(Self { network: Network::new(shape, (path, precision), tensor)?, path })
    }

    /// Gives `then` the seven logits of each read in turn: non-coding, then the frames +0 +1 +2 -0 -1 -2.
    ///
    /// A read is its overlapping 6-mers as tokens; fewer than three count as one padding token in each frame. Its logits
    /// depend on nothing else. Many reads at once are faster than one by one: the next one's table rows are fetched early.
    ///
    /// # Panics
    /// If a token is outside the vocabulary.
    pub fn each<'a>(
        &self,
        reads: impl IntoIterator<Item = &'a [u16]>,
        scratch: &mut Scratch,
        then: impl FnMut([f32; 7]),
    ) {
        // SAFETY: `new` saw that this CPU has the path's instructions, and laid out the weights for it.
        unsafe { self.network.each(self.path, reads, scratch, then) }
    }

    /// The seven logits of one read: see [`each`](Self::each).
    ///
    /// # Panics
    /// If a token is outside the vocabulary.
    #[must_use]
    pub fn forward(&self, ids: &[u16], scratch: &mut Scratch) -> [f32; 7] {
        let mut logits = [0.0; 7];
        self.each([ids], scratch, |of_read| logits = of_read);
        logits
    }

    /// Which instructions it uses.
    #[must_use]
    pub fn path(&self) -> Path {
        self.path
    }
}
