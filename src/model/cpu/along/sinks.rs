//! Where the numbers of the network's products go.

use super::super::gemm::Sink;
use super::super::register::Register;
use super::ALL_FRAMES;

/// Stores each strand's rows once for each of its frames.
pub(super) struct ForEachFrame<'a> {
    pub(super) to: &'a mut [f32],
    pub(super) stride: usize,
    /// Where each frame's first row is.
    pub(super) frames: [usize; ALL_FRAMES],
    /// How many rows a frame has.
    pub(super) rows: usize,
}

impl Sink for ForEachFrame<'_> {
    const PLAIN: bool = true;

    fn check(&self, rows: usize, columns: usize) {
        let last = self.frames.iter().max().expect("there are six");
        assert!(rows == 2 * self.rows && columns <= self.stride, "another product");
        assert!(self.to.len() >= last + self.rows * self.stride, "no room for the product");
    }

    #[inline(always)]
    unsafe fn put<R: Register>(&mut self, row: usize, column: usize, sum: R) {
        let (strand, row) = if row < self.rows { (0, row) } else { (1, row - self.rows) };
        let half = ALL_FRAMES / 2;
        for frame in &self.frames[strand * half..][..half] {
            // SAFETY: the caller's promises.
            unsafe { sum.store(self.to, frame + row * self.stride + column) }
        }
    }
}
