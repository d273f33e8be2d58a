//! Batch normalisation, used in trainings from random weights; before reads are scored, it is folded into the weights
//! (`training/folded.rs`).
#![cfg_attr(not(feature = "train"), allow(dead_code, reason = "only a training has it"))]

use std::sync::{Arc, Mutex, PoisonError};

use burn::tensor::Tensor;

/// Added to variances, as in `PyTorch`.
pub(in crate::model) const EPSILON: f64 = 1e-5;

/// Normalises the numbers of each channel to mean 0 and variance 1 over a batch, then applies a scale and a shift.
#[derive(Debug)]
pub(in crate::model) struct BatchNorm {
    layer: String,
    /// `[channels]`, like `shift`.
    scale: Tensor<1>,
    shift: Tensor<1>,
    seen: Option<Arc<Seen>>,
}

/// The moments that the layers of a network saw in several batches.
#[derive(Debug, Default)]
pub(in crate::model) struct Seen(Mutex<Vec<Moments>>);

/// The moments that a layer saw in a batch.
#[derive(Debug)]
pub(in crate::model) struct Moments {
    pub(in crate::model) layer: String,
    /// The count of numbers in each channel.
    pub(in crate::model) count: usize,
    /// The mean of each channel, `[channels]`, like `variance`.
    pub(in crate::model) mean: Tensor<1>,
    pub(in crate::model) variance: Tensor<1>,
}

impl Seen {
    fn add(&self, moments: Moments) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(moments);
    }

    /// Takes all moments.
    pub(in crate::model) fn take(&self) -> Vec<Moments> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl BatchNorm {
    /// Creates the normalisation of a layer, which records its moments in `seen`.
    pub(in crate::model) fn new(layer: &str, [scale, shift]: [Tensor<1>; 2], seen: Option<Arc<Seen>>) -> Self {
        Self { layer: layer.to_owned(), scale, shift, seen }
    }

    /// Normalises `[rows, channels, positions]`, with `count` numbers in each channel; all others are zeros, which
    /// `keep` restores.
    pub(in crate::model) fn forward(
        &self,
        x: Tensor<3>,
        count: usize,
        keep: impl Fn(Tensor<3>) -> Tensor<3>,
    ) -> Tensor<3> {
        let [_, channels, _] = x.dims();
        #[expect(clippy::cast_precision_loss, reason = "a batch has far fewer than 2^52 numbers")]
        let number = count as f64;
        let mean_of = |x: Tensor<3>| x.sum_dim(0).sum_dim(2) / number;
        let x = keep(x);
        let mean = mean_of(x.clone());
        let centred = keep(x - mean.clone());
        let variance = mean_of(centred.clone() * centred.clone());
        if let Some(seen) = &self.seen {
            let [mean, variance] = [&mean, &variance].map(|moment| moment.clone().reshape([channels]));
            seen.add(Moments { layer: self.layer.clone(), count, mean, variance });
        }
        let [scale, shift] = [&self.scale, &self.shift].map(|own| own.clone().reshape([1, channels, 1]));
        centred * ((variance + EPSILON).sqrt().recip() * scale) + shift
    }
}
