//! The network along the read on burn, with seven logits for each position.
//!
//! This is the reference definition: the engine on our own kernels is tested against it. Each strand runs in its own
//! direction: a position on one is the mirrored position on the other.
//!
//! All rows of a batch have the same number of positions, so none is padded. In half precision, embeddings and
//! convolutions are stored and multiplied in f16; the exchange between frames and the logits stay in f32.

use burn::tensor::module::{conv1d, embedding};
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor};

use super::config::{AlongConfig, POSITION};
use super::decoder::LOGITS;
use super::tensors;
use crate::kmer::{self, PAD};
use crate::model::burn_engine::form::{Form, high};
use crate::model::burn_engine::network::{GpuBatches, Network};
use crate::model::burn_engine::silu::silu;
use crate::model::burn_engine::tensors::Tensors;
use crate::model::burn_engine::upload::Uploader;
use crate::model::cpu::along::positions;
use crate::model::load_error::LoadError;
use crate::model::row::Row;

/// The number of frames of a strand.
const FRAMES: usize = 3;
/// The number of codons in a position, and the stride of the stem.
const CODONS: usize = 3;
/// The kernel size of the stem, in tokens.
const KERNEL: usize = 6;
/// The number of bases by which the first token starts before the first position.
const LEAD: usize = 6;

/// The network with its weights, on a device.
#[derive(Debug)]
pub(in crate::model) struct AlongNetwork {
    form: Form,
    /// `[vocabulary, embedding]`; the padding token's row is zero.
    words: Tensor<2>,
    stem: Convolution,
    levels: Vec<Level>,
    fine: Convolution,
    mix: Option<Mix>,
    /// `[1, 1, channels]`
    frame: Tensor<3>,
    frame_bias: Tensor<1>,
    none_hidden: Linear,
    none: Linear,
    /// The reverse complement of each id.
    complements: Vec<u16>,
    uploader: Uploader,
}

#[derive(Debug)]
struct Level {
    up: Convolution,
    meet: Linear,
    /// `[1, channels, channels]`
    down: Tensor<3>,
}

#[derive(Debug)]
struct Mix {
    own: Convolution,
    meet: Linear,
}

#[derive(Debug)]
struct Convolution {
    /// `[out, in, kernel]`
    weight: Tensor<3>,
    bias: Option<Tensor<1>>,
    stride: usize,
    padding: usize,
}

/// A linear layer over the channels of `[rows, channels, positions]`.
#[derive(Debug)]
struct Linear {
    /// `[1, out, in]`
    weight: Tensor<3>,
    bias: Tensor<1>,
}

impl AlongNetwork {
    /// Loads the network from its tensors.
    pub(in crate::model) fn load(
        config: &AlongConfig,
        form: Form,
        tensors: &mut Tensors<'_>,
    ) -> Result<Self, LoadError> {
        let &AlongConfig { embedding_size: e, channels: c, levels, mix, .. } = config;
        let device = tensors.device();
        let mut loader = Loader { tensors };
        let words = form.low(loader.tensor("embedding.weight", [kmer::vocab_size(config.k), e])?);
        let mut convolution = |name: &str, kernel: usize, bias: Option<&str>, padding: usize| {
            let weight = form.low(loader.tensor(name, [c, if kernel == KERNEL { e } else { c }, kernel])?);
            let bias = bias.map(|bias| loader.tensor(bias, [c])).transpose()?.map(|bias| form.low(bias));
            let stride = if kernel == KERNEL { CODONS } else { 1 };
            Ok::<_, LoadError>(Convolution { weight, bias, stride, padding })
        };
        let stem = convolution("stem.weight", KERNEL, Some("stem.bias"), 0)?;
        let ups = (0..levels).map(|level| convolution(&format!("up.{level}.weight"), 3, None, 1));
        let ups = ups.collect::<Result<Vec<_>, _>>()?;
        let fine = convolution("fine.weight", 1, Some("fine.bias"), 0)?;
        let own = if mix { Some(square(loader.tensor("mix.own", [c, c])?)) } else { None };
        let mix = match own {
            Some(weight) => Some(Mix {
                own: Convolution { weight: form.low(weight), bias: None, stride: 1, padding: 0 },
                meet: loader.linear(("mix.meet", "mix.bias"), 3 * c, c)?,
            }),
            None => None,
        };
        let each = ups.into_iter().enumerate().map(|(level, up)| {
            let names = (format!("up.{level}.meet"), format!("up.{level}.bias"));
            let meet = loader.linear((&names.0, &names.1), 3 * c, c)?;
            let down: Tensor<2> = loader.tensor(&format!("down.{level}.weight"), [c, c])?;
            Ok(Level { up, meet, down: down.unsqueeze() })
        });
        let levels = each.collect::<Result<_, LoadError>>()?;
        let frame: Tensor<2> = loader.tensor("frame.weight", [1, c])?;
        Ok(Self {
            form,
            words,
            stem,
            levels,
            fine,
            mix,
            frame: frame.unsqueeze(),
            frame_bias: loader.tensor("frame.bias", [1])?,
            none_hidden: loader.linear(("none.hidden.weight", "none.hidden.bias"), 2 * c, c)?,
            none: loader.linear(("none.logit.weight", "none.logit.bias"), c, 1)?,
            complements: kmer::reverse_complements(config.k),
            uploader: Uploader::new(device),
        })
    }

    /// The ids of each row and of its reverse complement, from six bases before the first position on, `[rows, 2, 9 T +
    /// 9]`.
    fn strands(&self, rows: &[Row<'_>], positions: usize) -> Vec<u16> {
        let length = POSITION * (positions + 1);
        let mut ids = Vec::with_capacity(rows.len() * 2 * length);
        for row in rows {
            let after = POSITION * positions - row.before - row.ids.len() - (KERNEL - 1);
            for strand in 0..2 {
                let end = ids.len() + length;
                ids.resize(ids.len() + LEAD + if strand == 0 { row.before } else { after }, PAD);
                match strand {
                    0 => ids.extend_from_slice(row.ids),
                    _ => ids.extend(row.ids.iter().rev().map(|&id| self.complements[usize::from(id)])),
                }
                ids.resize(end, PAD);
            }
        }
        ids
    }

    /// The residual of the fine layer, in which the frames exchange information once more.
    fn mixed(&self, h: Tensor<3>) -> Tensor<3> {
        let Some(mix) = &self.mix else { return h };
        let heard = mix.meet.to_frames(heard(&h));
        let own = high(mix.own.forward(self.form.low(h.clone())));
        h + silu(own + heard)
    }

    /// Computes logits `[rows, 7 T]` from the features of six frames `[rows * 6, channels, T]`.
    fn logits(&self, h: &Tensor<3>) -> Tensor<2> {
        let [frames, channels, positions] = h.dims();
        let rows = frames / (2 * FRAMES);
        let weight = self.frame.clone().expand([frames, 1, channels]);
        let bias = self.frame_bias.clone().reshape([1, 1, 1]).expand([frames, 1, positions]);
        let each = (weight.matmul(h.clone()) + bias).reshape([rows, 2, FRAMES, positions]);
        let plus = each.clone().narrow(1, 0, 1).reshape([rows, FRAMES, positions]);
        let minus = each.narrow(1, 1, 1).reshape([rows, FRAMES, positions]).flip([2]);
        let Met { means, greatest } = met(h);
        let mean = (means.clone() + mirrored(means)).mul_scalar(0.5);
        let seen = Tensor::cat(vec![mean.narrow(1, 0, 1), greatest.narrow(1, 0, 1)], 2);
        let hidden = silu(self.none_hidden.forward(seen.reshape([rows, 2 * channels, positions])));
        let all = Tensor::cat(vec![self.none.forward(hidden), plus, minus], 1);
        all.swap_dims(1, 2).reshape([rows, LOGITS * positions])
    }
}

impl Network for AlongNetwork {
    fn length(&self, row: Row<'_>) -> usize {
        positions(row)
    }

    fn logits_of(&self, length: usize) -> usize {
        LOGITS * length
    }

    fn fixed_length(&self) -> Option<usize> {
        None
    }

    fn gpu_batches(&self) -> GpuBatches {
        // Rows are not padded, since groups of positions are counted from both ends of a row.
        GpuBatches { rows: 1024, step: 1 }
    }

    fn forward(&self, rows: &[Row<'_>], positions: usize, device: &Device) -> Tensor<2> {
        let (batch, tokens) = (rows.len(), CODONS * (positions + 1));
        let sent = self.uploader.upload([], &self.strands(rows, positions), device);
        // Every third id belongs to the same frame.
        let ids = sent.ids.reshape([batch * 2, tokens, FRAMES]).swap_dims(1, 2).reshape([batch * 2 * FRAMES, tokens]);
        let e = embedding(self.words.clone(), ids).swap_dims(1, 2); // [batch * 6, embedding, tokens]
        let fine = silu(high(self.stem.forward(e)));
        let mut levels = vec![fine];
        for level in &self.levels {
            let p = pooled(levels.last().expect("the stem's"));
            let sum = high(level.up.forward(self.form.low(p.clone()))) + level.meet.to_frames(heard(&p));
            levels.push(p + silu(sum));
        }
        let mut y = levels.pop().expect("the last level's");
        // The stem's output goes through the fine layer, the outputs of the other levels stay as they are.
        levels[0] = high(self.fine.forward(self.form.low(levels[0].clone())));
        for (level, x) in self.levels.iter().zip(levels).rev() {
            let [frames, channels, _] = y.dims();
            let down = level.down.clone().expand([frames, channels, channels]).matmul(y);
            let [_, _, finer] = x.dims();
            y = spread(&down, finer) + x;
        }
        self.logits(&self.mixed(silu(y)))
    }
}

/// The number of pairs on either side, and the number of positions left in the middle.
fn groups(positions: usize) -> (usize, usize) {
    (positions / 4, positions % 4)
}

/// Averages groups of positions: pairs counted from both ends, and what is left in the middle.
fn pooled(x: &Tensor<3>) -> Tensor<3> {
    let [rows, channels, positions] = x.dims();
    let (pairs, middle) = groups(positions);
    let means = |start: usize, groups: usize, size: usize| {
        let part = x.clone().narrow(2, start, groups * size).reshape([rows, channels, groups, size]);
        part.mean_dim(3).reshape([rows, channels, groups])
    };
    let sides = (pairs > 0).then(|| (means(0, pairs, 2), means(positions - 2 * pairs, pairs, 2)));
    let middle = (middle > 0).then(|| means(2 * pairs, 1, middle));
    joined(sides, middle)
}

/// Copies each group's numbers to all its positions.
fn spread(x: &Tensor<3>, positions: usize) -> Tensor<3> {
    let [rows, channels, all] = x.dims();
    let (pairs, middle) = groups(positions);
    let spread = |start: usize, groups: usize, size: usize| {
        let part = x.clone().narrow(2, start, groups).reshape([rows, channels, groups, 1]);
        part.expand([rows, channels, groups, size]).reshape([rows, channels, groups * size])
    };
    let sides = (pairs > 0).then(|| (spread(0, pairs, 2), spread(all - pairs, pairs, 2)));
    let middle = (middle > 0).then(|| spread(pairs, 1, middle));
    joined(sides, middle)
}

/// Concatenates left, middle and right, as far as they exist.
fn joined(sides: Option<(Tensor<3>, Tensor<3>)>, middle: Option<Tensor<3>>) -> Tensor<3> {
    let (left, right) = sides.unzip();
    Tensor::cat(left.into_iter().chain(middle).chain(right).collect(), 2)
}

/// The other strand's numbers at each position of `[rows, 2, channels, positions]`.
fn mirrored(x: Tensor<4>) -> Tensor<4> {
    x.flip([1, 3])
}

/// Statistics over frames for each strand, `[rows, 2, channels, positions]` each.
struct Met {
    /// The mean over the strand's own frames.
    means: Tensor<4>,
    /// The maximum over all six frames.
    greatest: Tensor<4>,
}

fn met(x: &Tensor<3>) -> Met {
    let [frames, channels, positions] = x.dims();
    let shape = [frames / (2 * FRAMES), 2, channels, positions];
    let strands = x.clone().reshape([shape[0] * 2, FRAMES, channels, positions]);
    let means = strands.clone().mean_dim(1).reshape(shape);
    let own = strands.max_dim(1).reshape(shape);
    Met { means, greatest: own.clone().max_pair(mirrored(own)) }
}

/// The mean over the strand's frames, the mean over the other strand's, and the maximum over all, `[rows * 2, 3 *
/// channels, positions]`.
fn heard(x: &Tensor<3>) -> Tensor<3> {
    let Met { means, greatest } = met(x);
    let [rows, _, channels, positions] = means.dims();
    let all = Tensor::cat(vec![means.clone(), mirrored(means), greatest], 2);
    all.reshape([rows * 2, 3 * channels, positions])
}

impl Convolution {
    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        conv1d(x, self.weight.clone(), self.bias.clone(), ConvOptions::new([self.stride], [self.padding], [1], 1))
    }
}

impl Linear {
    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let [rows, _, positions] = x.dims();
        let [_, to, from] = self.weight.dims();
        let bias = self.bias.clone().reshape([1, to, 1]).expand([rows, to, positions]);
        self.weight.clone().expand([rows, to, from]).matmul(x) + bias
    }

    /// Computes the output for each strand, and copies it to its three frames.
    fn to_frames(&self, x: Tensor<3>) -> Tensor<3> {
        let [strands, channels, positions] = {
            let [strands, _, positions] = x.dims();
            [strands, self.weight.dims()[1], positions]
        };
        let y = self.forward(x).reshape([strands, 1, channels, positions]);
        y.expand([strands, FRAMES, channels, positions]).reshape([strands * FRAMES, channels, positions])
    }
}

/// Turns a matrix into a convolution with kernel size 1.
fn square(weight: Tensor<2>) -> Tensor<3> {
    weight.unsqueeze_dim(2)
}

/// Makes layers from tensors.
struct Loader<'a, 'w> {
    tensors: &'a mut Tensors<'w>,
}

impl Loader<'_, '_> {
    fn tensor<const D: usize>(&mut self, name: &str, shape: [usize; D]) -> Result<Tensor<D>, LoadError> {
        self.tensors.placed(tensors::take, name, shape)
    }

    fn linear(&mut self, (weight, bias): (&str, &str), from: usize, to: usize) -> Result<Linear, LoadError> {
        let weight: Tensor<2> = self.tensor(weight, [to, from])?;
        Ok(Linear { weight: weight.unsqueeze(), bias: self.tensor(bias, [to])? })
    }
}
