//! Instruction sets at compile time: each implements [`Register`](super::register::Register) and [`Isa`].

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod amx;
#[cfg(test)]
mod amx_model;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod definition;
#[cfg(target_arch = "aarch64")]
mod neon;
mod plain;

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub(super) use self::amx::Amx;
#[cfg(test)]
pub(super) use self::amx_model::AmxModel;
#[cfg(target_arch = "aarch64")]
pub(super) use self::neon::Neon;
#[cfg(target_arch = "x86_64")]
pub(super) use self::{avx2::Avx2, avx512::Avx512};
pub(super) use self::{definition::Isa, plain::Plain};
