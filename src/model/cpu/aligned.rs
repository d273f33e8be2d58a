//! Numbers that start on a cache line, so that no aligned vector straddles two.

use std::ops::{Deref, DerefMut};

/// Floats a cache line, and the multiple that every row is padded to.
pub(super) const LINE: usize = 16;
/// Bytes a cache line.
pub(super) const LINE_BYTES: usize = 64;

/// Words as bf16, two each.
pub(super) fn bf16s(words: &[f32]) -> &[u16] {
    // SAFETY: any bits are a `u16`, whose alignment is less; the borrow lasts as long as the result.
    unsafe { std::slice::from_raw_parts(words.as_ptr().cast(), words.len() * 2) }
}

#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([f32; LINE]);

/// A `Vec<f32>` on cache lines.
#[derive(Debug, Default)]
pub(super) struct Aligned(Vec<Line>);

impl Aligned {
    /// Nothing.
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    /// `len` zeros, rounded up to whole lines.
    pub(super) fn zeros(len: usize) -> Self {
        Self(vec![Line([0.0; LINE]); len.div_ceil(LINE)])
    }

    /// `values`, and zeros up to `len`.
    pub(super) fn padded(values: &[f32], len: usize) -> Self {
        let mut all = Self::zeros(len.max(values.len()));
        all[..values.len()].copy_from_slice(values);
        all
    }

    /// The same memory as bf16, two a float.
    pub(super) fn bf16s_mut(&mut self) -> &mut [u16] {
        // SAFETY: as in `deref`; any bits are a `u16`, whose alignment is less.
        unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast(), self.0.len() * LINE * 2) }
    }

    /// The same memory as bytes, four a float.
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `deref`; any bits are a `u8`, whose alignment is less.
        unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast(), self.0.len() * LINE * 4) }
    }

    /// The same memory as integers of sixteen bits, two a float.
    pub(super) fn i16s(&self) -> &[i16] {
        // SAFETY: as in `deref`; any bits are an `i16`, whose alignment is less.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), self.0.len() * LINE * 2) }
    }

    /// [`i16s`](Self::i16s), to be written.
    pub(super) fn i16s_mut(&mut self) -> &mut [i16] {
        // SAFETY: as in `i16s`.
        unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast(), self.0.len() * LINE * 2) }
    }

    /// Grows to at least `len`, the new ones zero; never shrinks.
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
