//! The compact family on burn: six reading frames through one small convolutional network, seven logits out.
//!
//! This is the definition: any other engine is tested against it.

use burn::tensor::activation::silu;
use burn::tensor::module::{conv1d, embedding, linear};
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Int, Tensor, TensorData};

use self::config::{Block, Config, Stem};
use self::windows::tokens_a_frame;
use super::Problem;
use super::checkpoint::Weights;
use crate::kmer::{self, FIRST, PAD};

pub mod config;
pub mod windows;

/// Logits a window has: non-coding, then six frames.
pub(super) const LOGITS: usize = 7;
const FRAMES: usize = 6;
/// Lower than any activation, and still finite.
const LOWEST: f32 = -1e30;

/// Sorts six numbers: after these swaps, in this order, the greatest comes first.
const SORTING_NETWORK: [(usize, usize); 12] =
    [(0, 5), (1, 3), (2, 4), (1, 2), (3, 4), (0, 3), (2, 5), (0, 1), (2, 3), (4, 5), (1, 2), (3, 4)];

/// The network with its weights, on a device.
#[derive(Debug)]
pub(super) struct Compact {
    stem_config: Stem,
    /// `[vocabulary, embedding]`; the special tokens' rows are zero.
    words: Tensor<2>,
    /// `[embedding]` each: the normalisation of the mean embedding.
    embedding_scale: Tensor<1>,
    embedding_shift: Tensor<1>,
    stem: Convolution,
    blocks: Vec<Convolution>,
    frame_hidden: Linear,
    frame_mix: Linear,
    frame_logit: Linear,
    noncoding_hidden: Linear,
    noncoding_logit: Linear,
    /// Each id's reverse complement.
    complements: Vec<u16>,
}

#[derive(Debug)]
struct Convolution {
    /// `[out, in, kernel]`
    weight: Tensor<3>,
    bias: Tensor<1>,
    stride: usize,
    padding: usize,
}

#[derive(Debug)]
struct Linear {
    /// `[in, out]`
    weight: Tensor<2>,
    bias: Tensor<1>,
}

impl Compact {
    /// Takes the network's tensors.
    pub(super) fn load(config: &Config, weights: &mut Weights, device: &Device) -> Result<Self, Problem> {
        let &Config { embedding_size, channels, hidden, stem, .. } = config;
        let vocabulary = kmer::vocab_size(config.k);
        let words = take(weights, "embedding.weight", &[vocabulary, embedding_size])?;
        let mut loader = Loader { weights, device };
        let blocks = config.blocks.iter().enumerate().map(|(block, &Block { kernel, padding })| {
            loader.convolution(&format!("blocks.{block}"), [channels, channels, kernel], 1, padding)
        });
        let blocks = blocks.collect::<Result<_, _>>()?;
        Ok(Self {
            stem_config: stem,
            words: Tensor::from_data(TensorData::new(words, [vocabulary, embedding_size]), device),
            embedding_scale: loader.vector("embedding_norm.scale", embedding_size)?,
            embedding_shift: loader.vector("embedding_norm.shift", embedding_size)?,
            stem: loader.convolution("stem", [channels, embedding_size, stem.kernel], stem.stride, stem.padding)?,
            blocks,
            frame_hidden: loader.linear("frame.hidden", 2 * channels + embedding_size, hidden)?,
            frame_mix: loader.linear("frame.mix", 5 * hidden, hidden)?,
            frame_logit: loader.linear("frame.logit", hidden, 1)?,
            noncoding_hidden: loader.linear("noncoding.hidden", 2 * hidden + FRAMES + 1, hidden)?,
            noncoding_logit: loader.linear("noncoding.logit", hidden, 1)?,
            complements: kmer::reverse_complements(config.k),
        })
    }

    /// Logits [batch, 7] for windows of overlapping 6-mers, each frame padded to `tokens`.
    ///
    /// A window's logits do not depend on the others in its batch: where it has ended, every layer sees zeros, as it would
    /// alone.
    pub(super) fn forward(&self, windows: &[&[u16]], tokens: usize, device: &Device) -> Tensor<2> {
        let batch = windows.len();
        let lengths: Vec<usize> = windows.iter().map(|window| tokens_a_frame(window.len() + 5)).collect();
        let ids = self.frames(windows, &lengths, tokens);
        let ids = Tensor::<2, Int>::from_data(TensorData::new(ids, [batch * FRAMES, tokens]), device);
        let e = embedding(self.words.clone(), ids).swap_dims(1, 2); // [batch * 6, embedding, tokens]
        let positions: Vec<usize> = lengths.iter().map(|&length| self.stem_config.positions(length)).collect();
        let inside = Inside::new(&positions, self.stem_config.positions(tokens), device);

        let mut x = inside.keep(silu(self.stem.forward(e.clone())));
        for block in &self.blocks {
            x = inside.keep(x.clone() + silu(block.forward(x)));
        }
        let embedded = e.sum_dim(2).squeeze_dim::<2>(2) / column(&lengths, device);
        let embedded = embedded * self.embedding_scale.clone().unsqueeze() + self.embedding_shift.clone().unsqueeze();
        let mean = x.clone().sum_dim(2).squeeze_dim::<2>(2) / column(&positions, device);
        let max = inside.or_lowest(x).max_dim(2).squeeze_dim::<2>(2);
        self.head(Tensor::cat(vec![mean, max, embedded], 1))
    }

    /// The ids of each window's six frames, `[batch, 6, tokens]`.
    fn frames(&self, windows: &[&[u16]], lengths: &[usize], tokens: usize) -> Vec<i32> {
        let mut ids = Vec::with_capacity(windows.len() * FRAMES * tokens);
        for (window, &length) in windows.iter().zip(lengths) {
            for offset in 0..3 {
                let end = ids.len() + tokens;
                ids.extend(window[offset..].iter().step_by(3).take(length).copied().map(i32::from));
                ids.resize(end, i32::from(PAD));
            }
            for offset in 0..3 {
                let end = ids.len() + tokens;
                let complement = |&id: &u16| i32::from(self.complements[usize::from(id)]);
                ids.extend(window.iter().rev().skip(offset).step_by(3).take(length).map(complement));
                ids.resize(end, i32::from(PAD));
            }
        }
        ids
    }

    /// From the features of each window's six frames [batch * 6, features] to logits [batch, 7].
    fn head(&self, features: Tensor<2>) -> Tensor<2> {
        let h = silu(self.frame_hidden.forward(features));
        let [frames, hidden] = h.dims();
        let batch = frames / FRAMES;
        let by_strand: Tensor<4> = h.clone().reshape([batch, 2, 3, hidden]);
        let next = rotated(by_strand.clone(), 2);
        let opposite = rotated(by_strand.clone().mean_dim(2), 1).expand([batch, 2, 3, hidden]);
        let six: Tensor<4> = h.clone().reshape([batch, 1, FRAMES, hidden]);
        let highest = six.max_dim(2).expand([batch, 2, 3, hidden]);
        let mix = Tensor::cat(vec![by_strand, next.clone(), rotated(next, 2), opposite, highest], 3);
        let z = silu(self.frame_mix.forward(mix.reshape([frames, 5 * hidden]))) + h;

        let logits = self.frame_logit.forward(z.clone()).reshape([batch, FRAMES]);
        let z: Tensor<3> = z.reshape([batch, FRAMES, hidden]);
        let sorted = sorted(&logits);
        let highest = sorted.clone().narrow(1, 0, 1);
        let logsumexp = (logits.clone() - highest.clone()).exp().sum_dim(1).log() + highest;
        let mean = z.clone().mean_dim(1).squeeze_dim::<2>(1);
        let max = z.max_dim(1).squeeze_dim::<2>(1);
        let hidden = silu(self.noncoding_hidden.forward(Tensor::cat(vec![mean, max, sorted, logsumexp], 1)));
        Tensor::cat(vec![self.noncoding_logit.forward(hidden), logits], 1)
    }
}

/// Takes one of the network's tensors. Every engine takes them through this, so that all refuse the same checkpoints.
pub(super) fn take(weights: &mut Weights, name: &str, shape: &[usize]) -> Result<Vec<f32>, Problem> {
    let numbers = weights.take(name, shape)?;
    // Padding and unknown k-mers count as nothing: the convolutions' padding and every engine's tables rest on it.
    if name == "embedding.weight" && numbers[..usize::from(FIRST) * shape[1]].iter().any(|&number| number != 0.0) {
        return Err(Problem::SpecialTokens { name: name.to_owned() });
    }
    Ok(numbers)
}

/// Which positions of a padded batch lie inside their windows.
struct Inside {
    /// `[batch * 6, 1, positions]`, 1 inside and 0 outside; none where all are inside.
    ones: Option<Tensor<3>>,
}

impl Inside {
    fn new(positions: &[usize], padded: usize, device: &Device) -> Self {
        if positions.iter().all(|&own| own == padded) {
            return Self { ones: None };
        }
        let mut ones = Vec::with_capacity(positions.len() * FRAMES * padded);
        for &own in positions {
            for _ in 0..FRAMES {
                let end = ones.len() + padded;
                ones.resize(ones.len() + own, 1.0_f32);
                ones.resize(end, 0.0);
            }
        }
        let ones = TensorData::new(ones, [positions.len() * FRAMES, 1, padded]);
        Self { ones: Some(Tensor::from_data(ones, device)) }
    }

    /// Zeros outside.
    fn keep(&self, x: Tensor<3>) -> Tensor<3> {
        match &self.ones {
            None => x,
            Some(ones) => x * ones.clone(),
        }
    }

    /// A very low number outside; `x` must be zero there.
    fn or_lowest(&self, x: Tensor<3>) -> Tensor<3> {
        match &self.ones {
            None => x,
            Some(ones) => x + (ones.clone() - 1.0) * -LOWEST,
        }
    }
}

impl Convolution {
    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let options = ConvOptions::new([self.stride], [self.padding], [1], 1);
        conv1d(x, self.weight.clone(), Some(self.bias.clone()), options)
    }
}

impl Linear {
    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        linear(x, self.weight.clone(), Some(self.bias.clone()))
    }
}

/// One count a window, as a column for its six frames: `[batch * 6, 1]`.
fn column(counts: &[usize], device: &Device) -> Tensor<2> {
    #[expect(clippy::cast_precision_loss, reason = "a window has far fewer than 2^24 tokens")]
    let column: Vec<f32> = counts.iter().flat_map(|&count| [count as f32; FRAMES]).collect();
    Tensor::from_data(TensorData::new(column, [counts.len() * FRAMES, 1]), device)
}

/// The first along a dimension moved to the end: each frame's place is taken by the next one.
fn rotated(x: Tensor<4>, dimension: usize) -> Tensor<4> {
    let length = x.dims()[dimension];
    let first = x.clone().narrow(dimension, 0, 1);
    Tensor::cat(vec![x.narrow(dimension, 1, length - 1), first], dimension)
}

/// Each row of [batch, 6] in descending order. A sorting network, as no GPU sorts six numbers quickly otherwise.
fn sorted(x: &Tensor<2>) -> Tensor<2> {
    let mut columns: Vec<Tensor<2>> = (0..FRAMES).map(|column| x.clone().narrow(1, column, 1)).collect();
    for (one, other) in SORTING_NETWORK {
        let (a, b) = (columns[one].clone(), columns[other].clone());
        columns[one] = a.clone().max_pair(b.clone());
        columns[other] = a.min_pair(b);
    }
    Tensor::cat(columns, 1)
}

/// Takes tensors out of a checkpoint onto a device.
struct Loader<'a> {
    weights: &'a mut Weights,
    device: &'a Device,
}

impl Loader<'_> {
    fn tensor<const D: usize>(&mut self, name: &str, shape: [usize; D]) -> Result<Tensor<D>, Problem> {
        Ok(Tensor::from_data(TensorData::new(self.weights.take(name, &shape)?, shape), self.device))
    }

    fn vector(&mut self, name: &str, length: usize) -> Result<Tensor<1>, Problem> {
        self.tensor(name, [length])
    }

    fn linear(&mut self, name: &str, from: usize, to: usize) -> Result<Linear, Problem> {
        let weight: Tensor<2> = self.tensor(&format!("{name}.weight"), [to, from])?;
        Ok(Linear { weight: weight.transpose(), bias: self.vector(&format!("{name}.bias"), to)? })
    }

    fn convolution(
        &mut self,
        name: &str,
        shape: [usize; 3],
        stride: usize,
        padding: usize,
    ) -> Result<Convolution, Problem> {
        let weight = self.tensor(&format!("{name}.weight"), shape)?;
        Ok(Convolution { weight, bias: self.vector(&format!("{name}.bias"), shape[0])?, stride, padding })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_network_sorts_every_order_of_six() {
        // By the 0-1 principle, a network that sorts all rows of zeros and ones sorts everything.
        let rows: Vec<f32> = (0_u8..64).flat_map(|bits| (0..6).map(move |bit| f32::from(bits >> bit & 1))).collect();
        let device = Device::flex();
        let x = Tensor::<2>::from_data(TensorData::new(rows, [64, 6]), &device);
        let rows = sorted(&x).try_into_vec_as::<f32>().unwrap();
        for row in rows.chunks(6) {
            assert!(row.is_sorted_by(|one, other| one >= other), "{row:?}");
        }
    }
}
