//! A compact network on burn: one small convolutional network for six reading frames, with seven logits.
//!
//! This is the reference definition: every other engine is tested against it.
//!
//! In half precision, embeddings and convolutions, which are nearly all the work and memory, are stored and multiplied
//! in f16. Means over positions stay in f32, and so does the head, which has one row per frame.

use std::sync::Arc;

use burn::tensor::module::{conv1d, embedding, linear};
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Bool, Device, Int, Tensor, TensorData};

use super::config::{Block, Coarse, CompactConfig, Stem};
use super::predictions::{FRAMES, LOGITS, tokens_per_frame};
use super::tensors;
use crate::kmer::{self, PAD};
use crate::model::burn_engine::batch_norm::BatchNorm;
use crate::model::burn_engine::dropout::{Dropout, dropped};
use crate::model::burn_engine::form::{Form, high};
use crate::model::burn_engine::network::{GpuBatches, Network};
use crate::model::burn_engine::silu::silu;
use crate::model::burn_engine::tensors::Tensors;
use crate::model::burn_engine::upload::{Uploader, beyond};
use crate::model::load_error::LoadError;
use crate::model::row::Row;

/// A number beyond any activation, but finite.
const HUGE: f32 = 1e30;
/// The number of vectors that each frame sees: its own, the next two of its strand, the mean of the other strand, and
/// the maximum of all.
const SEEN: usize = 5;

/// The network with its weights, on a device.
#[derive(Debug)]
pub(in crate::model) struct CompactNetwork {
    stem_config: Stem,
    /// `[vocabulary, embedding]`; the padding token's row is zero.
    words: Tensor<2>,
    /// `[embedding]`, like `embedding_shift`: the normalisation of the mean embedding.
    embedding_scale: Tensor<1>,
    embedding_shift: Tensor<1>,
    /// Replaces scale and shift in a training with batch normalisation.
    embedding_norm: Option<BatchNorm>,
    stem: Convolution,
    blocks: Vec<Convolution>,
    coarse_config: Coarse,
    coarse: Vec<Convolution>,
    frame_hidden: Linear,
    frame_mix: Linear,
    frame_logit: Linear,
    noncoding_hidden: Linear,
    noncoding_logit: Linear,
    /// The reverse complement of each id.
    complements: Vec<u16>,
    /// For each frame, the indices of what it sees among six frames, the means of two strands and the maximum, `[6 *
    /// SEEN]`.
    seen: Tensor<1, Int>,
    /// The numbers 0 to 5, `[1, 1, 6]`.
    ranks: Tensor<3>,
    uploader: Uploader,
    dropout: Option<Arc<Dropout>>,
}

#[derive(Debug)]
struct Convolution {
    /// `[out, in, kernel]`
    weight: Tensor<3>,
    bias: Tensor<1>,
    /// Replaces the bias in a training with batch normalisation.
    norm: Option<BatchNorm>,
    stride: usize,
    padding: usize,
}

#[derive(Debug)]
struct Linear {
    /// `[in, out]`
    weight: Tensor<2>,
    bias: Tensor<1>,
}

impl CompactNetwork {
    /// Loads the network from its tensors.
    pub(in crate::model) fn load(
        config: &CompactConfig,
        form: Form,
        tensors: &mut Tensors<'_>,
    ) -> Result<Self, LoadError> {
        let &CompactConfig { embedding_size, channels, hidden, stem, coarse, .. } = config;
        let vocabulary = kmer::vocab_size(config.k);
        let device = tensors.device();
        let mut loader = Loader { tensors, form };
        let words = loader.tensor("embedding.weight", [vocabulary, embedding_size])?;
        let blocks = config.blocks.iter().enumerate().map(|(block, &Block { kernel, padding })| {
            loader.convolution(&format!("blocks.{block}"), [channels, channels, kernel], 1, padding)
        });
        let blocks = blocks.collect::<Result<_, _>>()?;
        let Block { kernel, padding } = coarse.block;
        let levels = (0..coarse.levels)
            .map(|level| loader.convolution(&format!("coarse.{level}"), [channels, channels, kernel], 1, padding));
        let levels = levels.collect::<Result<_, _>>()?;
        let features = 2 * channels * (1 + coarse.levels) + embedding_size;
        let [embedding_scale, embedding_shift] = [
            loader.vector("embedding_norm.scale", embedding_size)?,
            loader.vector("embedding_norm.shift", embedding_size)?,
        ];
        Ok(Self {
            stem_config: stem,
            coarse_config: coarse,
            coarse: levels,
            words: form.low(words),
            embedding_norm: loader.tensors.batch_norm("embedding_norm", "embedding_norm.scale", &embedding_shift)?,
            embedding_scale,
            embedding_shift,
            stem: loader.convolution("stem", [channels, embedding_size, stem.kernel], stem.stride, stem.padding)?,
            blocks,
            frame_hidden: loader.linear("frame.hidden", features, hidden)?,
            frame_mix: loader.linear("frame.mix", 5 * hidden, hidden)?,
            frame_logit: loader.linear("frame.logit", hidden, 1)?,
            noncoding_hidden: loader.linear("noncoding.hidden", 2 * hidden + FRAMES + 1, hidden)?,
            noncoding_logit: loader.linear("noncoding.logit", hidden, 1)?,
            complements: kmer::reverse_complements(config.k),
            seen: Tensor::from_data(TensorData::new(seen(), [FRAMES * SEEN]), device),
            ranks: ranks(device),
            uploader: Uploader::new(device),
            dropout: loader.tensors.dropout(),
        })
    }

    /// The ids of each window and of its reverse complement, `[batch, 2, 3 * tokens]`.
    fn strands(&self, windows: &[Row<'_>], lengths: &[usize], tokens: usize) -> Vec<u16> {
        let mut ids = Vec::with_capacity(windows.len() * FRAMES * tokens);
        for (window, &length) in windows.iter().map(|window| window.ids).zip(lengths) {
            let end = ids.len() + 3 * tokens;
            ids.extend_from_slice(&window[..3 * length]);
            ids.resize(end, PAD);
            let complement = |&id: &u16| self.complements[usize::from(id)];
            ids.extend(window.iter().rev().take(3 * length).map(complement));
            ids.resize(end + 3 * tokens, PAD);
        }
        ids
    }

    /// Computes logits `[batch, 7]` from the features of each window's six frames `[batch * 6, features]`.
    fn head(&self, features: Tensor<2>) -> Tensor<2> {
        let h = silu(self.frame_hidden.forward(dropped(self.dropout.as_deref(), features)));
        let [frames, hidden] = h.dims();
        let batch = frames / FRAMES;
        let six: Tensor<3> = h.clone().reshape([batch, FRAMES, hidden]);
        let strands = h.clone().reshape([batch, 2, 3, hidden]).mean_dim(2).reshape([batch, 2, hidden]);
        let all = Tensor::cat(vec![six.clone(), strands, six.max_dim(1)], 1);
        let mix = all.select(1, self.seen.clone()).reshape([frames, SEEN * hidden]);
        let z = silu(self.frame_mix.forward(dropped(self.dropout.as_deref(), mix))) + h;

        let logits = self.frame_logit.forward(z.clone()).reshape([batch, FRAMES]);
        let z: Tensor<3> = z.reshape([batch, FRAMES, hidden]);
        let sorted = sorted(&logits, &self.ranks);
        let highest = logits.clone().max_dim(1);
        let logsumexp = (logits.clone() - highest.clone()).exp().sum_dim(1).log() + highest;
        let mean = z.clone().mean_dim(1).squeeze_dim::<2>(1);
        let max = z.max_dim(1).squeeze_dim::<2>(1);
        let hidden = silu(self.noncoding_hidden.forward(Tensor::cat(vec![mean, max, sorted, logsumexp], 1)));
        Tensor::cat(vec![self.noncoding_logit.forward(hidden), logits], 1)
    }
}

impl Network for CompactNetwork {
    fn length(&self, row: Row<'_>) -> usize {
        tokens_per_frame(row.ids.len() + 5)
    }

    fn logits_of(&self, _length: usize) -> usize {
        LOGITS
    }

    fn fixed_length(&self) -> Option<usize> {
        None
    }

    fn gpu_batches(&self) -> GpuBatches {
        // The embeddings of a window take 75 kB. 98 tokens of a frame (300 bases) are padded to 104; 48 (150 bases)
        // stay.
        GpuBatches { rows: 1024, step: 8 }
    }

    /// Computes logits `[batch, 7]` of windows of overlapping 6-mers, each frame padded to `tokens`.
    ///
    /// The logits of a window do not depend on the others in its batch: beyond its end, every layer sees zeros, as it
    /// would alone.
    fn forward(&self, windows: &[Row<'_>], tokens: usize, device: &Device) -> Tensor<2> {
        let batch = windows.len();
        let lengths: Vec<usize> = windows.iter().map(|window| self.length(*window)).collect();
        let positions: Vec<usize> = lengths.iter().map(|&length| self.stem_config.positions(length)).collect();
        let sent = self.uploader.upload([&lengths, &positions], &self.strands(windows, &lengths, tokens), device);
        let [tokens_of, positions_of] = sent.counts;
        // Every third id belongs to the same frame.
        let ids = sent.ids.reshape([batch, 2, tokens, 3]).swap_dims(2, 3).reshape([batch * FRAMES, tokens]);
        let e = embedding(self.words.clone(), ids).swap_dims(1, 2); // [batch * 6, embedding, tokens]
        let mut inside = Inside::new(positions, positions_of, self.stem_config.positions(tokens), device);

        let mut x = inside.keep(silu(self.stem.forward(e.clone(), &inside)));
        for block in &self.blocks {
            x = inside.keep(x.clone() + silu(block.forward(x, &inside)));
        }
        let mut features = inside.mean_and_max(&x).to_vec();
        for block in &self.coarse {
            (x, inside) = (pooled(x, self.coarse_config.pool), inside.pooled(self.coarse_config.pool, device));
            x = inside.keep(x.clone() + silu(block.forward(x, &inside)));
            features.extend(inside.mean_and_max(&x));
        }
        let embedded = per(high(e).sum_dim(2), tokens_of);
        features.push(match &self.embedding_norm {
            None => embedded * self.embedding_scale.clone().unsqueeze() + self.embedding_shift.clone().unsqueeze(),
            Some(norm) => norm.forward(embedded.unsqueeze_dim(2), batch * FRAMES, |x| x).squeeze_dim(2),
        });
        self.head(Tensor::cat(features, 1))
    }
}

/// Averages `pool` neighbouring positions of `[rows, channels, positions]`, with zeros beyond the end.
fn pooled(x: Tensor<3>, pool: usize) -> Tensor<3> {
    let [rows, channels, positions] = x.dims();
    let coarser = positions.div_ceil(pool);
    let short = coarser * pool - positions;
    let x = if short == 0 { x } else { x.pad([(0, short)], 0.0) };
    x.reshape([rows, channels, coarser, pool]).mean_dim(3).reshape([rows, channels, coarser])
}

/// Which positions of a padded batch lie inside their windows.
struct Inside {
    /// The number of positions in each window, on the CPU and on the device.
    positions: (Vec<usize>, Tensor<1, Int>),
    /// The number of positions in the longest window.
    padded: usize,
    /// The positions outside, `[batch, 1, positions]`; `None` if there are none.
    outside: Option<Tensor<3, Bool>>,
}

impl Inside {
    fn new(positions: Vec<usize>, sent: Tensor<1, Int>, padded: usize, device: &Device) -> Self {
        let all = positions.iter().all(|&own| own == padded);
        let outside = (!all).then(|| beyond(&sent, padded, device).unsqueeze_dim(1));
        Self { positions: (positions, sent), padded, outside }
    }

    /// The positions of a coarser level.
    fn pooled(self, pool: usize, device: &Device) -> Self {
        let (positions, sent) = self.positions;
        let positions = positions.into_iter().map(|own| own.div_ceil(pool)).collect();
        let size = i64::try_from(pool).expect("a read is far shorter");
        let sent = sent.add_scalar(size - 1).div_scalar(size);
        Self::new(positions, sent, self.padded.div_ceil(pool), device)
    }

    /// The number of positions inside all windows, for all six frames.
    fn count(&self) -> usize {
        FRAMES * self.positions.0.iter().sum::<usize>()
    }

    /// Mean and maximum over each row's own positions, `[rows, channels]` each; outside, `x` must be zero.
    fn mean_and_max(&self, x: &Tensor<3>) -> [Tensor<2>; 2] {
        let x = high(x.clone());
        let mean = per(x.clone().sum_dim(2), self.positions.1.clone());
        [mean, self.or_lowest(x).max_dim(2).squeeze_dim::<2>(2)]
    }

    /// Sets positions outside to zero.
    fn keep(&self, x: Tensor<3>) -> Tensor<3> {
        self.fill(x, 0.0)
    }

    /// Sets positions outside to a very low number.
    fn or_lowest(&self, x: Tensor<3>) -> Tensor<3> {
        self.fill(x, -HUGE)
    }

    /// Sets positions outside to this number, in all six frames of a window.
    fn fill(&self, x: Tensor<3>, number: f32) -> Tensor<3> {
        let Some(outside) = &self.outside else { return x };
        let [frames, channels, positions] = x.dims();
        let shape = [frames / FRAMES, FRAMES * channels, positions];
        x.reshape(shape).mask_fill(outside.clone().expand(shape), number).reshape([frames, channels, positions])
    }
}

/// Divides sums `[batch * 6, features, 1]` by a count per window `[batch]`.
fn per(sums: Tensor<3>, counts: Tensor<1, Int>) -> Tensor<2> {
    let [frames, features, _] = sums.dims();
    let batch = frames / FRAMES;
    (sums.reshape([batch, FRAMES * features]) / counts.float().reshape([batch, 1])).reshape([frames, features])
}

impl Convolution {
    fn forward(&self, x: Tensor<3>, inside: &Inside) -> Tensor<3> {
        let options = ConvOptions::new([self.stride], [self.padding], [1], 1);
        match &self.norm {
            None => conv1d(x, self.weight.clone(), Some(self.bias.clone()), options),
            Some(norm) => {
                norm.forward(conv1d(x, self.weight.clone(), None, options), inside.count(), |x| inside.keep(x))
            }
        }
    }
}

impl Linear {
    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        linear(x, self.weight.clone(), Some(self.bias.clone()))
    }
}

/// The indices of what each frame sees: itself, the next two of its strand, the mean of the other strand, the maximum.
fn seen() -> Vec<i32> {
    let frames = [0, 1, 2, 0, 1, 2].into_iter().zip([0, 0, 0, 3, 3, 3]);
    frames.flat_map(|(o, first)| [first + o, first + (o + 1) % 3, first + (o + 2) % 3, 7 - first / 3, 8]).collect()
}

fn ranks(device: &Device) -> Tensor<3> {
    Tensor::from_data(TensorData::from([[[0.0_f32, 1.0, 2.0, 3.0, 4.0, 5.0]]]), device)
}

/// Sorts each row of `[batch, 6]` in descending order; `ranks` are 0 to 5. No GPU sorts six numbers quickly, but it
/// compares all pairs in one step: the number of rank r is the least of those that at most r numbers exceed.
fn sorted(x: &Tensor<2>, ranks: &Tensor<3>) -> Tensor<2> {
    let [batch, _] = x.dims();
    let shape = [batch, FRAMES, FRAMES];
    let across = x.clone().reshape([batch, 1, FRAMES]).expand(shape);
    let down = x.clone().reshape([batch, FRAMES, 1]).expand(shape);
    let above = across.greater(down.clone()).float().sum_dim(2).expand(shape);
    let too_low = above.greater(ranks.clone().expand(shape));
    down.mask_fill(too_low, HUGE).min_dim(1).reshape([batch, FRAMES])
}

/// Makes layers from tensors.
struct Loader<'a, 'w> {
    tensors: &'a mut Tensors<'w>,
    /// The form of convolutions.
    form: Form,
}

impl Loader<'_, '_> {
    fn tensor<const D: usize>(&mut self, name: &str, shape: [usize; D]) -> Result<Tensor<D>, LoadError> {
        self.tensors.placed(tensors::take, name, shape)
    }

    fn vector(&mut self, name: &str, length: usize) -> Result<Tensor<1>, LoadError> {
        self.tensor(name, [length])
    }

    fn linear(&mut self, name: &str, from: usize, to: usize) -> Result<Linear, LoadError> {
        let weight: Tensor<2> = self.tensor(&format!("{name}.weight"), [to, from])?;
        Ok(Linear { weight: weight.transpose(), bias: self.vector(&format!("{name}.bias"), to)? })
    }

    fn convolution(
        &mut self,
        name: &str,
        shape: [usize; 3],
        stride: usize,
        padding: usize,
    ) -> Result<Convolution, LoadError> {
        let weight = self.form.low(self.tensor(&format!("{name}.weight"), shape)?);
        let bias = self.form.low(self.vector(&format!("{name}.bias"), shape[0])?);
        let norm = self.tensors.batch_norm(name, &format!("{name}.norm"), &bias)?;
        Ok(Convolution { weight, bias, norm, stride, padding })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use burn::tensor::FloatDType;

    use super::*;
    use crate::model::files;
    use crate::model::weights::Weights;

    #[test]
    fn every_order_of_six_is_sorted() {
        // All rows of six digits, so each of six numbers appears at each place, with all ties.
        let rows: Vec<f32> = (0_u32..6_u32.pow(6)).flat_map(|row| (0..6).map(move |of| digit(row, of))).collect();
        let device = Device::flex();
        let x = Tensor::<2>::from_data(TensorData::new(rows.clone(), [rows.len() / 6, 6]), &device);
        let sorted = sorted(&x, &ranks(&device)).try_into_vec_as::<f32>().unwrap();
        for (row, sorted) in rows.as_chunks::<6>().0.iter().zip(sorted.as_chunks::<6>().0) {
            let mut expected = *row;
            expected.sort_by(|one, other| other.total_cmp(one));
            assert_eq!(*sorted, expected, "{row:?}");
        }
    }

    /// A base-6 digit of `number`, minus 3.
    fn digit(number: u32, place: u32) -> f32 {
        let digit = u8::try_from(number / 6_u32.pow(place) % 6).unwrap();
        f32::from(digit) - 3.0
    }

    #[test]
    fn half_precision_stays_near_and_shows() {
        let ids: Vec<u16> = (0..295_u16).map(|place| 5 + place.wrapping_mul(1237) % 4096).collect();
        let windows = [&ids[..55], &ids[20..140], &ids].map(Row::from);
        let device = Device::flex();
        for name in ["compact/tiny1", "compact/tiny3"] {
            let logits = |form| {
                let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name);
                let config = CompactConfig::parse(&files::read(&directory, files::CONFIG).unwrap()).unwrap();
                let mut weights = Weights::open(&directory).unwrap();
                let network = CompactNetwork::load(&config, form, &mut Tensors::stored(&mut weights, &device)).unwrap();
                network.forward(&windows, tokens_per_frame(300), &device).try_into_vec_as::<f32>().unwrap()
            };
            let (exact, low) = (logits(Form::EXACT), logits(Form { numbers: FloatDType::F16, ..Form::EXACT }));
            let largest = exact.iter().zip(&low).map(|(one, other)| (one - other).abs()).fold(0.0, f32::max);
            assert!(largest <= 0.01 && largest > 1e-6, "{name}: {largest}");
        }
    }

    #[test]
    fn neighbours_are_averaged_with_zeros_beyond_the_end() {
        let x = |numbers: Vec<f32>| {
            let shape = [1, 1, numbers.len()];
            Tensor::<3>::from_data(TensorData::new(numbers, shape), &Device::flex())
        };
        let means = |numbers, pool| pooled(x(numbers), pool).try_into_vec_as::<f32>().unwrap();
        assert_eq!(means(vec![1.0, 3.0, 5.0, 7.0], 2), [2.0, 6.0]);
        assert_eq!(means(vec![1.0, 3.0, 5.0], 2), [2.0, 2.5]);
        assert_eq!(means(vec![2.0], 4), [0.5]);
    }

    #[test]
    fn a_frame_sees_its_own_strand_and_the_other() {
        let expected =
            [[0, 1, 2, 7, 8], [1, 2, 0, 7, 8], [2, 0, 1, 7, 8], [3, 4, 5, 6, 8], [4, 5, 3, 6, 8], [5, 3, 4, 6, 8]];
        assert_eq!(seen(), expected.concat());
    }
}
