//! BERT for sequence classification, as DNABERT fine-tunes it: token ids in, two logits out.
//!
//! The definition, on burn: it runs on GPUs, and our own kernels for the CPU (`cpu/bert.rs`) are tested against it.

use burn::tensor::activation::{gelu, tanh};
use burn::tensor::module::{attention, embedding, layer_norm, linear};
use burn::tensor::ops::AttentionModuleOptions;
use burn::tensor::{Device, Int, Tensor, TensorData};
use serde::Deserialize;

use super::checkpoint::Weights;
use super::{Attention, Prediction, Problem, cpu};
use crate::kmer::{CLS, PAD, SEP};

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
    max_tokens: usize,
    heads: usize,
    /// `[vocabulary, hidden]`
    words: Tensor<2>,
    /// Position and token type 0 together, `[positions, hidden]`.
    positions: Tensor<2>,
    norm: Norm,
    layers: Vec<Layer>,
    pooler: Linear,
    classifier: Linear,
}

#[derive(Debug)]
struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    context: Linear,
    context_norm: Norm,
    intermediate: Linear,
    output: Linear,
    output_norm: Norm,
}

/// Softmax of the two logits, as far as it is told: the probability of coding.
pub(super) fn prediction([noncoding, coding]: [f32; LABELS]) -> Prediction {
    Prediction { probability: 1.0 / (1.0 + (noncoding - coding).exp()), frame: None }
}

/// `x -> x W + b`.
#[derive(Debug)]
struct Linear {
    /// `[in, out]`: the transpose of what is stored.
    weight: Tensor<2>,
    /// `[out]`
    bias: Tensor<1>,
}

#[derive(Debug)]
struct Norm {
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f64,
}

impl Bert {
    /// Takes the network's tensors; the names are those of the original's state dict.
    pub(super) fn load(
        config: &Config,
        attention: Attention,
        weights: &mut Weights,
        device: &Device,
    ) -> Result<Self, Problem> {
        let hidden = config.hidden_size;
        let mut loader = Loader { weights, device, epsilon: config.layer_norm_eps };
        let words = loader.matrix("bert.embeddings.word_embeddings.weight", [config.vocab_size, hidden])?;
        let positions =
            loader.matrix("bert.embeddings.position_embeddings.weight", [config.max_position_embeddings, hidden])?;
        let types = loader.matrix("bert.embeddings.token_type_embeddings.weight", [config.type_vocab_size, hidden])?;
        let norm = loader.norm("bert.embeddings.LayerNorm", hidden)?;
        let layers = (0..config.num_hidden_layers)
            .map(|layer| {
                let part = |part: &str| format!("bert.encoder.layer.{layer}.{part}");
                Ok(Layer {
                    query: loader.linear(&part("attention.self.query"), hidden, hidden)?,
                    key: loader.linear(&part("attention.self.key"), hidden, hidden)?,
                    value: loader.linear(&part("attention.self.value"), hidden, hidden)?,
                    context: loader.linear(&part("attention.output.dense"), hidden, hidden)?,
                    context_norm: loader.norm(&part("attention.output.LayerNorm"), hidden)?,
                    intermediate: loader.linear(&part("intermediate.dense"), hidden, config.intermediate_size)?,
                    output: loader.linear(&part("output.dense"), config.intermediate_size, hidden)?,
                    output_norm: loader.norm(&part("output.LayerNorm"), hidden)?,
                })
            })
            .collect::<Result<_, Problem>>()?;
        Ok(Self {
            attention,
            max_tokens: config.max_tokens(),
            heads: config.num_attention_heads,
            words,
            positions: positions + types.narrow(0, 0, 1), // every token is of type 0
            norm,
            layers,
            pooler: loader.linear("bert.pooler.dense", hidden, hidden)?,
            classifier: loader.linear("classifier", hidden, LABELS)?,
        })
    }

    /// The length all rows must be padded to, special tokens included, where that is no choice.
    pub(super) fn fixed_length(&self) -> Option<usize> {
        match self.attention {
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
        let mut ids = Vec::with_capacity(batch * tokens);
        for row in rows {
            let end = ids.len() + tokens;
            ids.push(i32::from(CLS));
            ids.extend(row.iter().copied().map(i32::from));
            ids.push(i32::from(SEP));
            ids.resize(end, i32::from(PAD));
        }
        let ids = Tensor::<2, Int>::from_data(TensorData::new(ids, [batch, tokens]), device);
        let bias = self.bias(rows, tokens, device);

        let x = embedding(self.words.clone(), ids) + self.positions.clone().narrow(0, 0, tokens).unsqueeze();
        let mut x = self.norm.forward(x);
        let (last, layers) = self.layers.split_last().expect("Config::parse wants a layer");
        for layer in layers {
            x = layer.forward(x.clone(), x, bias.clone(), self.heads);
        }
        // Only [CLS] is read from the last layer, so only [CLS] asks there: some 7 % less work, the same numbers.
        let cls = x.clone().narrow(1, 0, 1);
        let x = last.forward(cls, x, bias.map(|bias| bias.narrow(2, 0, 1)), self.heads);
        let pooled = tanh(self.pooler.forward(x.squeeze_dim::<2>(1)));
        self.classifier.forward(pooled)
    }

    /// What is added to the attention scores, `[batch, 1, tokens, tokens]`; none where it would change nothing.
    fn bias(&self, rows: &[&[u16]], tokens: usize, device: &Device) -> Option<Tensor<4>> {
        let (token, padding) = match self.attention {
            // The published evaluation ran a version of the original that adds the mask itself.
            Attention::Published => (1.0, 0.0),
            Attention::Masked => (0.0, MASKED),
        };
        if rows.iter().all(|row| Self::length(row.len()) == tokens) {
            return None; // the same number on every score of a row: softmax does not see it
        }
        let mut bias = Vec::with_capacity(rows.len() * tokens);
        for row in rows {
            let end = bias.len() + tokens;
            bias.resize(bias.len() + Self::length(row.len()), token);
            bias.resize(end, padding);
        }
        let bias = Tensor::<1>::from_data(TensorData::new(bias, [rows.len() * tokens]), device);
        Some(bias.reshape([rows.len(), 1, 1, tokens]).expand([rows.len(), 1, tokens, tokens]))
    }
}

impl Layer {
    /// New `x` [batch, asking, hidden] for the positions `asking` [batch, asking, hidden], out of all positions `x`.
    fn forward(&self, asking: Tensor<3>, x: Tensor<3>, bias: Option<Tensor<4>>, heads: usize) -> Tensor<3> {
        let split = |x: Tensor<3>| {
            let [batch, tokens, hidden] = x.dims();
            x.reshape([batch, tokens, heads, hidden / heads]).swap_dims(1, 2)
        };
        let context = attention(
            split(self.query.forward(asking.clone())),
            split(self.key.forward(x.clone())),
            split(self.value.forward(x)),
            None,
            bias,
            AttentionModuleOptions::default(),
        );
        let context = context.swap_dims(1, 2).reshape(asking.dims());
        let x = self.context_norm.forward(self.context.forward(context) + asking);
        let inner = gelu(self.intermediate.forward(x.clone()));
        self.output_norm.forward(self.output.forward(inner) + x)
    }
}

impl Linear {
    fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        linear(x, self.weight.clone(), Some(self.bias.clone()))
    }
}

impl Norm {
    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        layer_norm(x, self.gamma.clone(), Some(self.beta.clone()), self.epsilon)
    }
}

/// Takes tensors out of a checkpoint onto a device.
struct Loader<'a> {
    weights: &'a mut Weights,
    device: &'a Device,
    epsilon: f64,
}

impl Loader<'_> {
    fn matrix(&mut self, name: &str, shape: [usize; 2]) -> Result<Tensor<2>, Problem> {
        Ok(Tensor::from_data(TensorData::new(self.weights.take(name, &shape)?, shape), self.device))
    }

    fn vector(&mut self, name: &str, length: usize) -> Result<Tensor<1>, Problem> {
        Ok(Tensor::from_data(TensorData::new(self.weights.take(name, &[length])?, [length]), self.device))
    }

    fn linear(&mut self, name: &str, from: usize, to: usize) -> Result<Linear, Problem> {
        let stored = self.weights.take(&format!("{name}.weight"), &[to, from])?;
        // Laid out anew rather than viewed from the side: products read the weights again and again.
        let mut weight: Vec<f32> = Vec::with_capacity(stored.len());
        for column in 0..from {
            weight.extend(stored[column..].iter().step_by(from));
        }
        let weight = Tensor::from_data(TensorData::new(weight, [from, to]), self.device);
        Ok(Linear { weight, bias: self.vector(&format!("{name}.bias"), to)? })
    }

    fn norm(&mut self, name: &str, length: usize) -> Result<Norm, Problem> {
        let gamma = self.vector(&format!("{name}.weight"), length)?;
        let beta = self.vector(&format!("{name}.bias"), length)?;
        Ok(Norm { gamma, beta, epsilon: self.epsilon })
    }
}
