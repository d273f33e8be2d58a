//! BERT for sequence classification, as DNABERT fine-tunes it: token ids in, two logits out.
//!
//! The definition, on burn: it runs on GPUs, and our own kernels for the CPU (`cpu/bert.rs`) are tested against it.

use burn::tensor::activation::tanh;
use burn::tensor::module::embedding;
use burn::tensor::{Device, Int, Tensor, TensorData};
use serde::Deserialize;

use self::layer::{Addends, Layer, Linear, Loader, Norm, Sizes, TILE};
use super::checkpoint::Weights;
use super::form::Form;
use super::upload::{Uploader, beyond};
use super::{Attention, Problem, cpu};
use crate::kmer::{CLS, PAD, SEP};
use crate::prediction::Prediction;

mod layer;

/// `model_type` of the family.
pub(super) const MODEL_TYPE: &str = "bert";
/// How many labels: non-coding, coding.
pub(super) const LABELS: usize = 2;
/// Tokens a read has at most, special ones included: the original's `max_seq_length`.
const MAX_TOKENS: usize = 298;
/// `[CLS]` and `[SEP]`.
const SPECIAL: usize = 2;
/// Added to the attention scores of padding in masked mode, as the original's library does.
const MASKED: f32 = -10_000.0;

/// What we use of a Hugging Face `config.json`; the other keys are for training.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Config {
    vocab_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    max_position_embeddings: usize,
    type_vocab_size: usize,
    hidden_act: String,
    #[serde(default = "layer_norm_eps")]
    layer_norm_eps: f64,
    num_labels: Option<usize>,
    id2label: Option<serde_json::Map<String, serde_json::Value>>,
    position_embedding_type: Option<String>,
    #[serde(default)]
    is_decoder: bool,
}

fn layer_norm_eps() -> f64 {
    1e-12
}

impl Config {
    /// Reads and checks a `config.json` for a vocabulary of this k.
    pub(super) fn parse(json: &[u8], vocabulary: usize) -> Result<Self, Problem> {
        let config: Self = serde_json::from_slice(json).map_err(Problem::Json)?;
        let two = LABELS.to_string();
        let labels = config.num_labels.or(config.id2label.as_ref().map(serde_json::Map::len)).unwrap_or(LABELS);
        let absolute = config.position_embedding_type.as_deref().is_none_or(|kind| kind == "absolute");
        let words = vocabulary.to_string();
        let divides = config.num_attention_heads > 0 && config.hidden_size.is_multiple_of(config.num_attention_heads);
        let checks = [
            ("hidden_act", config.hidden_act == "gelu", "\"gelu\""),
            ("num_labels", labels == LABELS, &two),
            ("vocab_size", config.vocab_size == vocabulary, &words),
            ("position_embedding_type", absolute, "\"absolute\""),
            ("is_decoder", !config.is_decoder, "false"),
            ("hidden_size", config.hidden_size > 0, "at least 1"),
            ("num_hidden_layers", config.num_hidden_layers > 0, "at least 1"),
            ("num_attention_heads", divides, "a divisor of hidden_size"),
            ("intermediate_size", config.intermediate_size > 0, "at least 1"),
            ("max_position_embeddings", config.max_position_embeddings > SPECIAL, "at least 3"),
            ("type_vocab_size", config.type_vocab_size > 0, "at least 1"),
        ];
        match checks.into_iter().find(|(_, holds, _)| !holds) {
            None => Ok(config),
            Some((key, _, expected)) => {
                Err(Problem::Unsupported { key: key.to_owned(), expected: expected.to_owned() })
            }
        }
    }

    /// The network's sizes, for people.
    pub(super) fn describe(&self) -> String {
        let Self { num_hidden_layers: layers, hidden_size, num_attention_heads: heads, intermediate_size, .. } = self;
        format!("{layers} layers, hidden {hidden_size}, {heads} heads, intermediate {intermediate_size}")
    }

    /// How many k-mers of a row are read at most.
    pub(super) fn longest_row(&self) -> usize {
        self.max_tokens() - SPECIAL
    }

    /// The network's sizes, for our own kernels.
    #[allow(clippy::cast_possible_truncation)] // all of it is f32
    pub(super) fn shape(&self) -> cpu::bert::Shape {
        cpu::bert::Shape {
            vocabulary: self.vocab_size,
            hidden: self.hidden_size,
            layers: self.num_hidden_layers,
            heads: self.num_attention_heads,
            intermediate: self.intermediate_size,
            positions: self.max_position_embeddings,
            types: self.type_vocab_size,
            epsilon: self.layer_norm_eps as f32,
        }
    }

    /// Tokens a row has at most, special ones included.
    pub(super) fn max_tokens(&self) -> usize {
        MAX_TOKENS.min(self.max_position_embeddings)
    }
}

/// The network with its weights, on a device.
#[derive(Debug)]
pub(super) struct Bert {
    attention: Attention,
    form: Form,
    max_tokens: usize,
    /// Numbers of an attention head.
    head: usize,
    /// What is added to the scores of places that the original does not have, `[1, tokens]`; in published mode alone.
    outside: Tensor<2>,
    uploader: Uploader,
    /// `[vocabulary, hidden]`
    words: Tensor<2>,
    /// Position and token type 0 together, `[positions, hidden]`.
    positions: Tensor<2>,
    norm: Norm,
    layers: Vec<Layer>,
    pooler: Linear,
    classifier: Linear,
}

/// Softmax of the two logits, as far as it is told: the probability of coding.
pub(super) fn prediction([noncoding, coding]: [f32; LABELS]) -> Prediction {
    Prediction { probability: 1.0 / (1.0 + (noncoding - coding).exp()), frame: None }
}

impl Bert {
    /// Takes the network's tensors; the names are those of the original's state dict.
    pub(super) fn load(
        config: &Config,
        attention: Attention,
        form: Form,
        weights: &mut Weights,
        device: &Device,
    ) -> Result<Self, Problem> {
        let &Config { hidden_size: hidden, num_attention_heads: heads, intermediate_size: intermediate, .. } = config;
        let mut loader = Loader { weights, device, epsilon: config.layer_norm_eps, form };
        let words = loader.matrix("bert.embeddings.word_embeddings.weight", [config.vocab_size, hidden])?;
        let positions =
            loader.matrix("bert.embeddings.position_embeddings.weight", [config.max_position_embeddings, hidden])?;
        let types = loader.matrix("bert.embeddings.token_type_embeddings.weight", [config.type_vocab_size, hidden])?;
        let positions = positions + types.narrow(0, 0, 1); // every token is of type 0
        // Rows that are padded beyond the last position are not attended to there: any numbers will do.
        let longest = config.max_tokens().next_multiple_of(TILE);
        let missing = longest.saturating_sub(config.max_position_embeddings);
        let norm = loader.norm("bert.embeddings.LayerNorm", hidden)?;
        let layers = (0..config.num_hidden_layers)
            .map(|layer| loader.layer(&format!("bert.encoder.layer.{layer}"), Sizes { hidden, heads, intermediate }))
            .collect::<Result<_, Problem>>()?;
        Ok(Self {
            attention,
            form,
            max_tokens: config.max_tokens(),
            head: hidden / heads,
            outside: outside(config.max_tokens(), longest, device),
            uploader: Uploader::new(device),
            words,
            positions: if missing > 0 { positions.pad([(0, missing), (0, 0)], 0.0) } else { positions },
            norm,
            layers,
            pooler: loader.linear("bert.pooler.dense", hidden, hidden)?,
            classifier: loader.linear("classifier", hidden, LABELS)?,
        })
    }

    /// The length all rows must be padded to, special tokens included, where that is no choice.
    pub(super) fn fixed_length(&self) -> Option<usize> {
        match self.attention {
            Attention::Published if self.form.fused => Some(self.max_tokens.next_multiple_of(TILE)),
            Attention::Published => Some(self.max_tokens),
            Attention::Masked => None,
        }
    }

    /// How long a row of k-mers is with its special tokens.
    pub(super) fn length(kmers: usize) -> usize {
        kmers + SPECIAL
    }

    /// Logits [batch, labels] for rows of k-mers, each padded to `tokens`.
    pub(super) fn forward(&self, rows: &[&[u16]], tokens: usize, device: &Device) -> Tensor<2> {
        let batch = rows.len();
        let lengths: Vec<usize> = rows.iter().map(|row| Self::length(row.len())).collect();
        let mut ids = Vec::with_capacity(batch * tokens);
        for row in rows {
            let end = ids.len() + tokens;
            ids.push(CLS);
            ids.extend_from_slice(row);
            ids.push(SEP);
            ids.resize(end, PAD);
        }
        let sent = self.uploader.upload([&lengths], &ids, device);
        let addends = self.addends(&lengths, &sent.counts[0], tokens, device);

        let x = embedding(self.words.clone(), sent.ids.reshape([batch, tokens]));
        let mut x = self.norm.forward(x + self.positions.clone().narrow(0, 0, tokens).unsqueeze());
        let (last, layers) = self.layers.split_last().expect("Config::parse wants a layer");
        for layer in layers {
            x = layer.forward(x, &addends, false);
        }
        // Only [CLS] is read from the last layer, so only [CLS] asks there: some 6 % less work, the same numbers.
        let x = last.forward(x, &addends, true);
        let pooled = tanh(self.pooler.forward(x.squeeze_dim::<2>(1)));
        self.classifier.forward(pooled)
    }

    /// What is added to the scores of each token.
    fn addends(&self, lengths: &[usize], counts: &Tensor<1, Int>, tokens: usize, device: &Device) -> Addends {
        if lengths.iter().all(|&length| length == tokens) {
            return Addends::None;
        }
        let padding = beyond(counts, tokens, device).float();
        let addends = match self.attention {
            // The published evaluation ran a version of the original that adds the mask itself: 1 to tokens and 0 to
            // padding, or nothing to tokens and -1 to padding: softmax sees differences alone.
            Attention::Published if tokens > self.max_tokens => self.outside.clone() - padding,
            Attention::Published => -padding,
            Attention::Masked => padding * MASKED,
        };
        Addends::new(addends, self.form, self.head)
    }
}

/// Zero for the first `inside` of `tokens` places, and for the others what hides them: `[1, tokens]`.
fn outside(inside: usize, tokens: usize, device: &Device) -> Tensor<2> {
    let places: Vec<f32> = (0..tokens).map(|place| if place < inside { 0.0 } else { MASKED }).collect();
    Tensor::from_data(TensorData::new(places, [1, tokens]), device)
}

#[cfg(test)]
mod tests {
    use burn::tensor::FloatDType;

    use super::super::checkpoint::{Checkpoint, Settings};
    use super::*;

    /// The logits of three rows, one of them as long as can be.
    fn logits(form: Form, attention: Attention) -> Vec<f32> {
        let Checkpoint { mut weights, settings, .. } = Checkpoint::of_tests("parity/k6_tiny_zip");
        let Settings::Bert { config, .. } = settings else { panic!("it is a BERT") };
        let device = Device::flex();
        let bert = Bert::load(&config, attention, form, &mut weights, &device).unwrap();
        let ids: Vec<u16> = (0..296_u16).map(|place| 5 + place.wrapping_mul(1237) % 4096).collect();
        let rows = [&ids[..7], &ids[20..150], &ids];
        let tokens = bert.fixed_length().unwrap_or(320);
        assert_eq!(tokens == 298, attention == Attention::Published && !form.fused);
        bert.forward(&rows, tokens, &device).try_into_vec_as().unwrap()
    }

    fn largest_difference(form: Form) -> f32 {
        let both = [Attention::Published, Attention::Masked].into_iter();
        let apart = both.flat_map(|attention| logits(form, attention).into_iter().zip(logits(Form::EXACT, attention)));
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
