//! The checked `config.json` of a BERT. Pure: knows no tensor.

use serde::Deserialize;

use crate::model::cpu;
use crate::model::load_error::LoadError;

/// The `model_type` of the family.
pub(in crate::model) const MODEL_TYPE: &str = "bert";
/// The number of labels: non-coding, coding.
pub(super) const LABELS: usize = 2;
/// The most tokens of a read, including special ones: the original's `max_seq_length`.
const MAX_TOKENS: usize = 298;
/// The number of special tokens: `[CLS]` and `[SEP]`.
pub(super) const SPECIAL: usize = 2;

/// The keys that are used of a Hugging Face `config.json`; others are for training.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::model) struct BertConfig {
    pub(super) vocab_size: usize,
    pub(super) hidden_size: usize,
    pub(super) num_hidden_layers: usize,
    pub(super) num_attention_heads: usize,
    pub(super) intermediate_size: usize,
    pub(super) max_position_embeddings: usize,
    pub(super) type_vocab_size: usize,
    hidden_act: String,
    #[serde(default = "layer_norm_eps")]
    pub(super) layer_norm_eps: f64,
    num_labels: Option<usize>,
    id2label: Option<serde_json::Map<String, serde_json::Value>>,
    position_embedding_type: Option<String>,
    #[serde(default)]
    is_decoder: bool,
}

fn layer_norm_eps() -> f64 {
    1e-12
}

impl BertConfig {
    /// Parses and checks a `config.json` for a vocabulary of this size.
    pub(in crate::model) fn parse(json: &[u8], vocabulary: usize) -> Result<Self, LoadError> {
        let config: Self = serde_json::from_slice(json).map_err(LoadError::Json)?;
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
                Err(LoadError::Unsupported { key: key.to_owned(), expected: expected.to_owned() })
            }
        }
    }

    /// The most k-mers of a row that the network reads.
    pub(super) fn longest_row(&self) -> usize {
        self.max_tokens() - SPECIAL
    }

    /// The shape of the network for our own kernels.
    #[allow(clippy::cast_possible_truncation)] // all of it is f32
    pub(in crate::model) fn shape(&self) -> cpu::bert::Shape {
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

    /// The most tokens of a row, including special ones.
    pub(in crate::model) fn max_tokens(&self) -> usize {
        MAX_TOKENS.min(self.max_position_embeddings)
    }

    /// The name and shape of each tensor, named as in the original's state dict.
    pub(super) fn tensors(&self) -> impl Iterator<Item = (String, Vec<usize>)> + '_ {
        let (hidden, intermediate) = (self.hidden_size, self.intermediate_size);
        let norm = move |name: &str| [(format!("{name}.weight"), vec![hidden]), (format!("{name}.bias"), vec![hidden])];
        let linear =
            |name: &str, from, to| [(format!("{name}.weight"), vec![to, from]), (format!("{name}.bias"), vec![to])];
        let embeddings = [
            ("word_embeddings", self.vocab_size),
            ("position_embeddings", self.max_position_embeddings),
            ("token_type_embeddings", self.type_vocab_size),
        ];
        let embeddings =
            embeddings.map(|(name, rows)| (format!("bert.embeddings.{name}.weight"), vec![rows, hidden])).into_iter();
        let layers = (0..self.num_hidden_layers).flat_map(move |layer| {
            let name = |part: &str| format!("bert.encoder.layer.{layer}.{part}");
            [
                linear(&name("attention.self.query"), hidden, hidden),
                linear(&name("attention.self.key"), hidden, hidden),
                linear(&name("attention.self.value"), hidden, hidden),
                linear(&name("attention.output.dense"), hidden, hidden),
                norm(&name("attention.output.LayerNorm")),
                linear(&name("intermediate.dense"), hidden, intermediate),
                linear(&name("output.dense"), intermediate, hidden),
                norm(&name("output.LayerNorm")),
            ]
        });
        let ends = [linear("bert.pooler.dense", hidden, hidden), linear("classifier", hidden, LABELS)];
        let norms = norm("bert.embeddings.LayerNorm");
        embeddings.chain(norms).chain(layers.flatten()).chain(ends.into_iter().flatten())
    }
}
