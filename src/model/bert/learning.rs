//! How a BERT learns: as DNABERT's `run_finetune.py`, with the settings `ReadSeeker` was trained with. Dropout is left out.

use burn::tensor::Tensor;
use burn::tensor::activation::log_softmax;

use super::config::LABELS;
use super::family::Bert;
use crate::model::training::{AdamW, Fall, Learning, Recipe, Taught, Truth, one_hot};

impl Learning for Bert {
    fn recipe(&self) -> Recipe {
        Recipe {
            epochs: 5,
            batch_size: 50,
            rate: 2e-5,
            warm_up: 0.1,
            fall: Fall::Linear,
            adamw: AdamW { betas: [0.9, 0.999], epsilon: 1e-8, decay: 0.01 },
            longest_gradient: 1.0,
        }
    }

    fn unfit(&self, _bases: usize, _truth: Truth) -> Option<&'static str> {
        None
    }

    fn rows_at_once(&self) -> usize {
        4 // attention takes some 100 MB for a row of the published size
    }

    fn loss(&self, logits: Tensor<2>, reads: &[Taught]) -> Tensor<1> {
        let labels = reads.iter().map(|read| usize::from(read.truth.is_coding));
        let right = one_hot(labels, LABELS, &logits.device());
        -(log_softmax(logits, 1) * right).sum_dim(1).mean()
    }

    fn fixed_rows(&self, _name: &str) -> usize {
        0
    }

    fn is_calibrated(&self) -> bool {
        false
    }
}
