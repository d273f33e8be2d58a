//! How a compact network learns: with the loss of `workflows/training/compact/train.py`, at a learning rate for weights
//! that are good already. From random weights, it uses the rate, the normalisation and the dropout of that training.

use burn::tensor::Tensor;
use burn::tensor::TensorData;
use burn::tensor::activation::log_softmax;

use super::family::Compact;
use super::predictions::{FRAMES, LOGITS};
use crate::kmer::FIRST;
use crate::model::training::{Classes, Learning, NormOf, Recipe, Scratch, Taught, Truth, logsumexp};
use crate::prediction::Frame;

/// Label smoothing: the share of its target that a read's other class gets.
const SMOOTHING: f64 = 0.02;
/// A number far below any logit, but finite.
const NEVER: f64 = -1e30;

impl Compact {
    /// The coding target of a read: 0.5 if half of it is coding; between a third and two thirds, it rises from 0 to 1.
    fn target(truth: Truth) -> f32 {
        (0.5 + 3.0 * (truth.coded - 0.5)).clamp(0.0, 1.0)
    }
}

impl Learning for Compact {
    fn recipe(&self) -> Recipe {
        Recipe::of_ours(0.15)
    }

    fn unfit(&self, bases: usize, _truth: Truth) -> Option<&'static str> {
        (self.windows(bases) != 1).then_some("too short for the network, or longer than it reads at once")
    }

    fn rows_at_once(&self) -> usize {
        16
    }

    fn loss(&self, logits: Tensor<2>, reads: &[Taught]) -> Tensor<1> {
        let device = logits.device();
        let all = log_softmax(logits, 1);
        let [noncoding, frames] = [all.clone().narrow(1, 0, 1), all.narrow(1, 1, FRAMES)];
        let mut right = Classes::new(FRAMES);
        for Truth { frame, coded, .. } in reads.iter().map(|read| read.truth) {
            let known = frame.filter(|_| coded >= 0.25);
            right.push(|class| known.is_none_or(|frame| frame == Frame::ALL[class]));
        }
        let right = right.place(&device);
        let not_coding = -noncoding;
        let any_frame = -logsumexp(frames.clone());
        let right_frame = -logsumexp(frames + (right.neg() + 1.0) * NEVER);

        let targets: Vec<f32> = reads.iter().map(|read| Self::target(read.truth)).collect();
        let target = Tensor::<2>::from_data(TensorData::new(targets, [reads.len(), 1]), &device);
        let (much, little) = (1.0 - SMOOTHING / 2.0, SMOOTHING / 2.0);
        let coding = right_frame * much + not_coding.clone() * little;
        let gap = not_coding * much + any_frame * little;
        (coding * target.clone() + gap * (target.neg() + 1.0)).mean()
    }

    fn fixed_rows(&self, name: &str) -> usize {
        if name == "embedding.weight" { usize::from(FIRST) } else { 0 }
    }

    fn scratch(&self) -> Result<Scratch, &'static str> {
        let blocks = (0..self.config.blocks.len()).map(|n| format!("blocks.{n}"));
        let levels = (0..self.config.coarse.levels).map(|n| format!("coarse.{n}"));
        let layers = ["stem".to_owned()].into_iter().chain(blocks).chain(levels).map(NormOf::layer);
        let embedding = NormOf::numbers("embedding_norm");
        Ok(Scratch {
            recipe: Recipe { epochs: 10, rate: 3e-3, dropout: 0.15, ..self.recipe() },
            norms: layers.chain([embedding]).collect(),
            embedding: ("embedding.weight", 0.1),
        })
    }

    fn is_calibrated(&self) -> bool {
        true
    }
}

const _: () = assert!(LOGITS == FRAMES + 1, "non-coding comes first");
