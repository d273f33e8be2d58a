//! Linear layers with few inputs and outputs, in f32.

use super::super::aligned::{Aligned, LINE};
use super::super::gemm::{Fetch, Nothing, Product, Rows, Sink};
use super::super::isa::Isa;
use super::super::packed::{Packed, Packing};

/// A linear layer.
#[derive(Debug)]
pub(in super::super) struct Linear {
    pub(in super::super) weights: Packed,
    pub(in super::super) bias: Aligned,
}

/// Packs `weight` [outputs, inputs]. `columns[k]` is the input of packed row k; `None` is padding.
pub(in super::super) fn pack(weight: &[f32], outputs: usize, columns: &[Option<usize>], packing: Packing) -> Packed {
    let inputs = weight.len() / outputs;
    Packed::new(columns.len(), outputs, packing, |k, output| {
        columns[k].map_or(0.0, |input| weight[output * inputs + input])
    })
}

/// The inputs of a layer that reads parts with these lengths, each padded to whole cache lines.
pub(in super::super) fn padded_inputs(parts: &[usize]) -> Vec<Option<usize>> {
    let mut columns = Vec::new();
    let mut first = 0;
    for &len in parts {
        columns.extend((first..first + len).map(Some));
        columns.resize(columns.len().next_multiple_of(LINE), None);
        first += len;
    }
    columns
}

impl Linear {
    pub(in super::super) fn new(weight: &[f32], bias: &[f32], columns: &[Option<usize>], packing: Packing) -> Self {
        let weights = pack(weight, bias.len(), columns, packing);
        Self { weights, bias: Aligned::padded(bias, bias.len().next_multiple_of(LINE)) }
    }

    /// Applies the layer to `rows` rows of `from`.
    ///
    /// # Safety
    /// The CPU must have `I`'s instructions.
    #[inline(always)]
    pub(in super::super) unsafe fn forward<I: Isa>(&self, from: &[f32], stride: usize, rows: usize, to: &mut [f32]) {
        let sink = &mut Rows { to, stride: self.weights.columns() };
        // SAFETY: as for this function.
        unsafe { self.product::<I>((from, stride), rows, &mut Nothing, sink) }
    }

    /// Applies the layer as [`forward`](Self::forward) does, but into any sink and with prefetches. `from` comes with
    /// its stride.
    ///
    /// # Safety
    /// The CPU must have `I`'s instructions.
    #[inline(always)]
    pub(in super::super) unsafe fn product<I: Isa>(
        &self,
        (from, stride): (&[f32], usize),
        rows: usize,
        fetch: &mut impl Fetch,
        sink: &mut impl Sink,
    ) {
        let Self { weights, bias } = self;
        let product = Product { from, stride, rows, weights, start: bias, start_stride: 0 };
        // SAFETY: as for this function.
        unsafe { I::product(product, fetch, sink) }
    }
}
