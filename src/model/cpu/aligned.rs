//! Vectors of floats aligned to cache lines, so that no aligned register straddles two lines.

use std::ops::{Deref, DerefMut};

/// Floats in a cache line; every row is padded to a multiple of this.
pub(super) const LINE: usize = 16;
/// Bytes in a cache line.
pub(super) const LINE_BYTES: usize = 64;

/// Views words as bf16, two each.
pub(super) fn bf16s(words: &[f32]) -> &[u16] {
    // SAFETY: any bits are a `u16`, whose alignment is less; the borrow lasts as long as the result.
    unsafe { std::slice::from_raw_parts(words.as_ptr().cast(), words.len() * 2) }
}

#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([f32; LINE]);

/// A `Vec<f32>` aligned to cache lines.
#[derive(Debug, Default)]
pub(super) struct Aligned(Vec<Line>);

impl Aligned {
    /// Creates an empty vector.
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Creates `len` zeros, rounded up to whole lines.
    pub(super) fn zeros(len: usize) -> Self {
        Self(vec![Line([0.0; LINE]); len.div_ceil(LINE)])
    }

    /// Creates a vector of `values`, with zeros up to `len`.
    pub(super) fn padded(values: &[f32], len: usize) -> Self {
        let mut all = Self::zeros(len.max(values.len()));
        all[..values.len()].copy_from_slice(values);
        all
    }

    /// Views the memory as bf16, two per float.
    pub(super) fn bf16s_mut(&mut self) -> &mut [u16] {
        // SAFETY: as in `deref`; any bits are a `u16`, whose alignment is less.
        unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast(), self.0.len() * LINE * 2) }
    }

    /// Views the memory as bytes, four per float.
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `deref`; any bits are a `u8`, whose alignment is less.
        unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast(), self.0.len() * LINE * 4) }
    }

    /// Views the memory as 16-bit integers, two per float.
    pub(super) fn i16s(&self) -> &[i16] {
        // SAFETY: as in `deref`; any bits are an `i16`, whose alignment is less.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), self.0.len() * LINE * 2) }
    }

    /// Views the memory as [`i16s`](Self::i16s) does, for writing.
    pub(super) fn i16s_mut(&mut self) -> &mut [i16] {
        // SAFETY: as in `i16s`.
        unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast(), self.0.len() * LINE * 2) }
    }

    /// Grows to at least `len` with zeros; never shrinks.
    pub(super) fn reserve(&mut self, len: usize) {
        if self.0.len() * LINE < len {
            self.0.resize(len.div_ceil(LINE), Line([0.0; LINE]));
        }
    }
}

impl Deref for Aligned {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        // SAFETY: `Line` is `repr(C)` around `[f32; LINE]` and as large, so n lines are n * LINE floats; the borrow of
        // `self` lasts as long as the result.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), self.0.len() * LINE) }
    }
}

impl DerefMut for Aligned {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as in `deref`.
        unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast(), self.0.len() * LINE) }
    }
}
