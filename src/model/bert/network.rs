//! BERT for sequence classification, as DNABERT fine-tunes it: token ids in, two logits out.
//!
//! The reference definition, on burn: it runs on GPUs, and our own kernels for the CPU (`cpu/bert.rs`) are tested
//! against it.

use std::sync::Arc;

use burn::tensor::activation::tanh;
use burn::tensor::module::embedding;
use burn::tensor::{Device, Int, Tensor, TensorData};

use super::config::{BertConfig, LABELS, SPECIAL};
use super::layer::{Addends, Layer, Linear, Loader, Norm, Sizes, TILE};
use crate::kmer::{CLS, PAD, SEP};
use crate::model::attention::Attention;
use crate::model::burn_engine::dropout::{Dropout, dropped};
use crate::model::burn_engine::form::Form;
use crate::model::burn_engine::network::{GpuBatches, Network};
use crate::model::burn_engine::tensors::Tensors;
use crate::model::burn_engine::upload::{Uploader, beyond};
use crate::model::load_error::LoadError;
use crate::model::row::Row;

/// Added to the attention scores of padding in masked mode, as in the original's library.
const MASKED: f32 = -10_000.0;

/// The network with its weights, on a device.
#[derive(Debug)]
pub(in crate::model) struct BertNetwork {
    ends: Ends,
    layers: Vec<Layer>,
}

/// The parts of the network before and after the layers.
#[derive(Debug)]
struct Ends {
    attention: Attention,
    form: Form,
    max_tokens: usize,
    /// The width of an attention head.
    head: usize,
    /// What is added to the scores of positions beyond the original's, `[1, tokens]`; in published mode only.
    outside: Tensor<2>,
    uploader: Uploader,
    /// `[vocabulary, hidden]`
    words: Tensor<2>,
    /// The embeddings of positions and of token type 0, summed, `[positions, hidden]`.
    positions: Tensor<2>,
    norm: Norm,
    pooler: Linear,
    classifier: Linear,
    dropout: Option<Arc<Dropout>>,
}

/// The input of a layer.
struct Passed {
    /// `[batch, tokens, hidden]`
    x: Tensor<3>,
    addends: Addends,
}

impl Passed {
    /// Runs a layer. Only [CLS] is read from the last layer, so only its attention is computed there: some 6 % less
    /// work, the same numbers.
    fn through(self, layer: &Layer, is_last: bool) -> Self {
        let Self { x, addends } = self;
        Self { x: layer.forward(x, &addends, is_last), addends }
    }
}

impl BertNetwork {
    /// Loads the network from its tensors, which are named as in the original's state dict.
    pub(in crate::model) fn load(
        config: &BertConfig,
        attention: Attention,
        form: Form,
        tensors: &mut Tensors<'_>,
    ) -> Result<Self, LoadError> {
        let mut loader = Loader { tensors, epsilon: config.layer_norm_eps, form };
        let ends = Ends::load(config, attention, &mut loader)?;
        let layers = (0..config.num_hidden_layers).map(|number| layer(config, number, &mut loader));
        Ok(Self { layers: layers.collect::<Result<_, LoadError>>()?, ends })
    }
}

/// Computes the logits `[1, 2]` of each row in f32, with no more than one layer in memory at a time.
pub(super) fn logits(
    config: &BertConfig,
    attention: Attention,
    rows: &[Row<'_>],
    tensors: &mut Tensors<'_>,
) -> Result<Vec<Tensor<2>>, LoadError> {
    let mut loader = Loader { tensors, epsilon: config.layer_norm_eps, form: Form::EXACT };
    let ends = Ends::load(config, attention, &mut loader)?;
    let device = loader.tensors.device();
    let begin = |row: &Row<'_>| ends.begin(&[*row], ends.fixed_length().unwrap_or_else(|| length(*row)), device);
    let mut all: Vec<Passed> = rows.iter().map(begin).collect();
    for number in 0..config.num_hidden_layers {
        let layer = layer(config, number, &mut loader)?;
        let is_last = number + 1 == config.num_hidden_layers;
        all = all.into_iter().map(|passed| passed.through(&layer, is_last)).collect();
    }
    Ok(all.into_iter().map(|passed| ends.end(passed)).collect())
}

/// Loads layer `number`, counted from 0.
fn layer(config: &BertConfig, number: usize, loader: &mut Loader<'_, '_>) -> Result<Layer, LoadError> {
    let &BertConfig { hidden_size: hidden, num_attention_heads: heads, intermediate_size: intermediate, .. } = config;
    loader.layer(&format!("bert.encoder.layer.{number}"), Sizes { hidden, heads, intermediate })
}

/// The number of tokens of a row.
fn length(row: Row<'_>) -> usize {
    row.ids.len() + SPECIAL
}

impl Ends {
    fn load(config: &BertConfig, attention: Attention, loader: &mut Loader<'_, '_>) -> Result<Self, LoadError> {
        let (hidden, form, device) = (config.hidden_size, loader.form, loader.tensors.device());
        let words = loader.matrix("bert.embeddings.word_embeddings.weight", [config.vocab_size, hidden])?;
        let positions =
            loader.matrix("bert.embeddings.position_embeddings.weight", [config.max_position_embeddings, hidden])?;
        let types = loader.matrix("bert.embeddings.token_type_embeddings.weight", [config.type_vocab_size, hidden])?;
        let positions = positions + types.narrow(0, 0, 1); // every token is of type 0
        // Positions beyond the last one are padding and never attended to: their numbers do not matter.
        let longest = config.max_tokens().next_multiple_of(TILE);
        let missing = longest.saturating_sub(config.max_position_embeddings);
        Ok(Self {
            attention,
            form,
            max_tokens: config.max_tokens(),
            head: hidden / config.num_attention_heads,
            outside: outside(config.max_tokens(), longest, device),
            uploader: Uploader::new(device),
            words,
            positions: if missing > 0 { positions.pad([(0, missing), (0, 0)], 0.0) } else { positions },
            norm: loader.norm("bert.embeddings.LayerNorm", hidden)?,
            pooler: loader.linear("bert.pooler.dense", hidden, hidden)?,
            classifier: loader.linear("classifier", hidden, LABELS)?,
            dropout: loader.tensors.dropout(),
        })
    }

    /// The number of tokens to which all rows are padded, if the mode requires it.
    fn fixed_length(&self) -> Option<usize> {
        match self.attention {
            Attention::Published if self.form.fused => Some(self.max_tokens.next_multiple_of(TILE)),
            Attention::Published => Some(self.max_tokens),
            Attention::Masked => None,
        }
    }

    /// Computes the input of the first layer from rows that are padded to `tokens` tokens.
    fn begin(&self, rows: &[Row<'_>], tokens: usize, device: &Device) -> Passed {
        let batch = rows.len();
        let lengths: Vec<usize> = rows.iter().map(|row| length(*row)).collect();
        let mut ids = Vec::with_capacity(batch * tokens);
        for row in rows {
            let end = ids.len() + tokens;
            ids.push(CLS);
            ids.extend_from_slice(row.ids);
            ids.push(SEP);
            ids.resize(end, PAD);
        }
        let sent = self.uploader.upload([&lengths], &ids, device);
        let addends = self.addends(&lengths, &sent.counts[0], tokens, device);
        let x = embedding(self.words.clone(), sent.ids.reshape([batch, tokens]));
        let x = self.norm.forward(x + self.positions.clone().narrow(0, 0, tokens).unsqueeze());
        Passed { x: dropped(self.dropout.as_deref(), x), addends }
    }

    /// Computes what is added to the scores of each token.
    fn addends(&self, lengths: &[usize], counts: &Tensor<1, Int>, tokens: usize, device: &Device) -> Addends {
        if lengths.iter().all(|&length| length == tokens) {
            return Addends::None;
        }
        let padding = beyond(counts, tokens, device).float();
        let addends = match self.attention {
            // The published evaluation ran a version of the original that adds the mask itself: 1 to tokens and 0 to
            // padding. That equals 0 to tokens and -1 to padding, since softmax depends on differences alone.
            Attention::Published if tokens > self.max_tokens => self.outside.clone() - padding,
            Attention::Published => -padding,
            Attention::Masked => padding * MASKED,
        };
        Addends::new(addends, self.form, self.head)
    }

    /// Computes the logits `[batch, 2]` from the first token as the last layer returns it.
    fn end(&self, passed: Passed) -> Tensor<2> {
        let pooled = tanh(self.pooler.forward(passed.x.squeeze_dim::<2>(1)));
        self.classifier.forward(dropped(self.dropout.as_deref(), pooled))
    }
}

impl Network for BertNetwork {
    fn length(&self, row: Row<'_>) -> usize {
        length(row)
    }

    fn logits_of(&self, _length: usize) -> usize {
        LABELS
    }

    fn fixed_length(&self) -> Option<usize> {
        self.ends.fixed_length()
    }

    fn gpu_batches(&self) -> GpuBatches {
        GpuBatches { rows: 32, step: 32 } // attention takes some 4 MB for a row
    }

    fn forward(&self, rows: &[Row<'_>], tokens: usize, device: &Device) -> Tensor<2> {
        let first = self.ends.begin(rows, tokens, device);
        let last = self.layers.len() - 1;
        let through = |passed: Passed, (number, layer)| passed.through(layer, number == last);
        self.ends.end(self.layers.iter().enumerate().fold(first, through))
    }
}

/// Zero for the first `inside` of `tokens` positions, and for the others a number that hides them: `[1, tokens]`.
fn outside(inside: usize, tokens: usize, device: &Device) -> Tensor<2> {
    let places: Vec<f32> = (0..tokens).map(|place| if place < inside { 0.0 } else { MASKED }).collect();
    Tensor::from_data(TensorData::new(places, [1, tokens]), device)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use burn::tensor::FloatDType;

    use super::*;
    use crate::model::files;
    use crate::model::weights::Weights;

    /// The settings and tensors of a small network.
    fn small() -> (BertConfig, Weights) {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/parity/k6_tiny_zip");
        let config = BertConfig::parse(&files::read(&directory, files::CONFIG).unwrap(), 4101).unwrap();
        (config, Weights::open(&directory).unwrap())
    }

    fn ids() -> Vec<u16> {
        (0..296_u16).map(|place| 5 + place.wrapping_mul(1237) % 4096).collect()
    }

    /// Three rows, one of them as long as possible.
    fn rows(ids: &[u16]) -> [Row<'_>; 3] {
        [&ids[..7], &ids[20..150], ids].map(Row::from)
    }

    /// The logits of all rows as one batch.
    fn batch(form: Form, attention: Attention) -> Vec<f32> {
        let (config, mut weights) = small();
        let device = Device::flex();
        let bert = BertNetwork::load(&config, attention, form, &mut Tensors::stored(&mut weights, &device)).unwrap();
        let tokens = bert.fixed_length().unwrap_or(320);
        assert_eq!(tokens == 298, attention == Attention::Published && !form.fused);
        bert.forward(&rows(&ids()), tokens, &device).try_into_vec_as().unwrap()
    }

    #[test]
    fn layer_by_layer_it_is_the_same_network() {
        for attention in [Attention::Published, Attention::Masked] {
            let (config, mut weights) = small();
            let (device, ids) = (Device::flex(), ids());
            let each = logits(&config, attention, &rows(&ids), &mut Tensors::stored(&mut weights, &device)).unwrap();
            let each: Vec<f32> = each.into_iter().flat_map(|row| row.try_into_vec_as::<f32>().unwrap()).collect();
            weights.finish().unwrap();
            let apart = batch(Form::EXACT, attention).into_iter().zip(&each).map(|(one, other)| (one - other).abs());
            let largest = apart.fold(0.0, f32::max);
            assert!(each.len() == 6 && largest <= 1e-5, "{attention:?}: {largest}");
        }
    }

    fn largest_difference(form: Form) -> f32 {
        let both = [Attention::Published, Attention::Masked].into_iter();
        let apart = both.flat_map(|attention| batch(form, attention).into_iter().zip(batch(Form::EXACT, attention)));
        apart.map(|(one, other)| (one - other).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn addends_in_keys_are_addends_to_scores_and_more_padding_does_not_show() {
        let largest = largest_difference(Form { fused: true, ..Form::EXACT });
        assert!(largest <= 1e-5, "{largest}");
    }

    #[test]
    fn half_precision_stays_near_and_shows() {
        for fused in [false, true] {
            let largest = largest_difference(Form { numbers: FloatDType::F16, fused });
            assert!(largest <= 0.01 && largest > 1e-6, "{fused}: {largest}");
        }
    }
}
