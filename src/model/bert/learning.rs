//! How a BERT learns: as in DNABERT's `run_finetune.py`, with the settings that `ReadSeeker` was trained with.

use burn::tensor::Tensor;
use burn::tensor::activation::log_softmax;

use super::config::LABELS;
use super::family::Bert;
use crate::model::random::random_numbers;
use crate::model::training::{AdamW, Fall, Learning, Recipe, Scratch, Taught, Truth, one_hot};
use crate::model::weights::Weights;

/// Layers that start from random numbers if a checkpoint lacks them.
const NEW: [&str; 2] = ["bert.pooler.", "classifier."];
/// The standard deviation of these random numbers.
const SPREAD: f64 = 0.02;

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
            dropout: 0.1, // also of the attention probabilities
        }
    }

    fn unfit(&self, _bases: usize, _truth: Truth) -> Option<&'static str> {
        None
    }

    fn rows_at_once(&self) -> usize {
        4 // attention takes some 100 MB for a row of the published length
    }

    fn loss(&self, logits: Tensor<2>, reads: &[Taught]) -> Tensor<1> {
        let labels = reads.iter().map(|read| usize::from(read.truth.is_coding));
        let right = one_hot(labels, LABELS, &logits.device());
        -(log_softmax(logits, 1) * right).sum_dim(1).mean()
    }

    fn fixed_rows(&self, _name: &str) -> usize {
        0
    }

    /// Completes a DNABERT trained to predict masked tokens: its layers for that are dropped, and those for two labels
    /// added.
    fn complete(&self, weights: &mut Weights, seed: u64) -> Vec<String> {
        weights.leave_out("cls.");
        let mut added = Vec::new();
        for (name, shape) in self.config.tensors().filter(|(name, _)| NEW.iter().any(|layer| name.starts_with(layer))) {
            let count = shape.iter().product();
            // As in the original's library.
            let numbers = || if shape.len() > 1 { random_numbers(seed, count, SPREAD) } else { vec![0.0; count] };
            if weights.complete(&name, &shape, numbers) {
                added.push(name);
            }
        }
        added
    }

    fn scratch(&self) -> Result<Scratch, &'static str> {
        Err("a BERT has to find masked tokens before it learns from labels: start from a DNABERT")
    }

    fn is_calibrated(&self) -> bool {
        false
    }
}
