//! Building blocks for the families' losses.

use burn::tensor::{Device, Tensor, TensorData};

/// The right class of each read, or several that are all right: numbers from 0 to 1, `[reads, classes]`.
#[derive(Debug)]
pub(in crate::model) struct Classes {
    numbers: Vec<f32>,
    classes: usize,
}

impl Classes {
    /// Creates an empty table with this many classes.
    pub(in crate::model) fn new(classes: usize) -> Self {
        Self { numbers: Vec::new(), classes }
    }

    /// Adds a read with its right classes.
    pub(in crate::model) fn push(&mut self, is_right: impl Fn(usize) -> bool) {
        self.numbers.extend((0..self.classes).map(|class| if is_right(class) { 1.0 } else { 0.0 }));
    }

    /// Copies the table to the device.
    pub(in crate::model) fn place(self, device: &Device) -> Tensor<2> {
        let reads = self.numbers.len() / self.classes;
        Tensor::from_data(TensorData::new(self.numbers, [reads, self.classes]), device)
    }
}

/// The table of a single right class for each read.
pub(in crate::model) fn one_hot(right: impl Iterator<Item = usize>, classes: usize, device: &Device) -> Tensor<2> {
    let mut all = Classes::new(classes);
    right.for_each(|right| all.push(|class| class == right));
    all.place(device)
}

/// The logarithm of the sum of exponentials over the second dimension, `[rows, 1]`.
pub(in crate::model) fn logsumexp(x: Tensor<2>) -> Tensor<2> {
    let highest = x.clone().detach().max_dim(1);
    (x - highest.clone()).exp().sum_dim(1).log() + highest
}
