//! The network for any instruction set: embeddings, layers, and the head that reads `[CLS]`.

use super::super::aligned::Aligned;
use super::super::dispatch::{Packings, Task};
use super::super::isa::Isa;
use super::attention::{self, Heads, Positions};
use super::encoder::{Between, Encoder, Target};
use super::encoding::Encoding;
use super::linear::{Linear, Then};
use super::norm::Norm;
use super::shape::Shape;
use crate::kmer::{CLS, PAD, SEP};

/// The number of labels: non-coding, coding.
pub(super) const LABELS: usize = 2;
/// The number of special tokens: `[CLS]` and `[SEP]`.
const SPECIAL: usize = 2;

/// The weights in the layout for the kernels.
#[derive(Debug)]
pub(super) struct Network {
    /// The encoding for linear layers.
    pub(super) linear: Encoding,
    /// The encoding for attention.
    attention: Encoding,
    hidden: usize,
    intermediate: usize,
    heads: Heads,
    /// The embeddings of tokens, [vocabulary, hidden].
    words: Vec<f32>,
    /// The embeddings of positions and of token type 0, summed, [positions, hidden].
    positions: Vec<f32>,
    norm: Norm,
    layers: Vec<Layer>,
    pooler: Linear,
    /// The weights of the classifier, [labels, hidden].
    classifier: Vec<f32>,
    classifier_bias: Vec<f32>,
}

#[derive(Debug)]
struct Layer {
    query: Linear,
    /// The layer for the keys, then the values.
    key_value: Linear,
    context: Linear,
    context_norm: Norm,
    intermediate: Linear,
    output: Linear,
    output_norm: Norm,
}

/// Working memory, reused from read to read; it grows to fit the longest.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Rows of `hidden` numbers: the input of a layer.
    x: Aligned,
    /// `x`, encoded.
    input: Encoder,
    queries: Between,
    keys_values: Between,
    context: Between,
    intermediate: Between,
    attention: attention::Workspace,
    pooled: Aligned,
}

/// The forward pass of a read.
pub(super) struct Forward<'a> {
    pub(super) network: &'a Network,
    /// The k-mers of the read.
    pub(super) ids: &'a [u16],
    /// The number of tokens it is padded to, including special ones.
    pub(super) padded: usize,
    pub(super) scratch: &'a mut Scratch,
}

impl Task for Forward<'_> {
    type Output = [f32; LABELS];

    #[inline(always)]
    unsafe fn run<I: Isa>(self) -> [f32; LABELS] {
        // SAFETY: the caller's CPU has the instructions.
        unsafe { self.network.forward::<I>(self.ids, self.padded, self.scratch) }
    }
}

/// Takes tensors and packs them.
struct Loader<T> {
    tensor: T,
    packings: Packings,
    encoding: Encoding,
    epsilon: f32,
}

impl<E, T: FnMut(&str, &[usize]) -> Result<Vec<f32>, E>> Loader<T> {
    fn tensor(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, E> {
        let values = (self.tensor)(name, shape)?;
        assert_eq!(values.len(), shape.iter().product::<usize>(), "{name} has another shape");
        Ok(values)
    }

    fn norm(&mut self, name: &str, columns: usize) -> Result<Norm, E> {
        let scale = self.tensor(&format!("{name}.weight"), &[columns])?;
        let shift = self.tensor(&format!("{name}.bias"), &[columns])?;
        Ok(Norm::new(&scale, &shift, self.epsilon))
    }

    /// Puts the layers with these names side by side. `input` and `output` map a padded column to a number of the
    /// layer.
    fn linear(
        &mut self,
        names: &[String],
        (inputs, input): (usize, &dyn Fn(usize) -> Option<usize>),
        (outputs, output): (usize, &dyn Fn(usize) -> Option<usize>),
    ) -> Result<Linear, E> {
        let count = |columns: usize, number: &dyn Fn(usize) -> Option<usize>| (0..columns).filter_map(number).count();
        let stored = [count(outputs, output), count(inputs, input)];
        let mut bias = vec![0.0; names.len() * outputs];
        let mut weights = Vec::with_capacity(names.len());
        for (name, bias) in names.iter().zip(bias.chunks_exact_mut(outputs)) {
            weights.push(self.tensor(&format!("{name}.weight"), &stored)?);
            let own = self.tensor(&format!("{name}.bias"), &stored[..1])?;
            for (column, bias) in bias.iter_mut().enumerate() {
                *bias = output(column).map_or(0.0, |number| own[number]);
            }
        }
        let rows: Vec<Option<usize>> = (0..inputs).map(input).collect();
        let of_column = |column: usize| {
            let weights = &weights[column / outputs];
            output(column % outputs).map(|number| &weights[number * stored[1]..][..stored[1]])
        };
        let columns: Vec<Option<&[f32]>> = (0..bias.len()).map(of_column).collect();
        Ok(Linear::new(self.encoding, self.packings, inputs, &bias, |row, column| match (rows[row], columns[column]) {
            (Some(from), Some(weights)) => weights[from],
            _ => 0.0,
        }))
    }
}

impl Network {
    pub(super) fn new<E>(
        shape: &Shape,
        (linear, attention): (Encoding, Encoding),
        packings: Packings,
        tensor: impl FnMut(&str, &[usize]) -> Result<Vec<f32>, E>,
    ) -> Result<Self, E> {
        let &Shape { vocabulary, hidden, layers, heads, intermediate, positions, types, epsilon } = shape;
        let heads = Heads::of(hidden, heads);
        let mut loader = Loader { tensor, packings, encoding: linear, epsilon };
        let words = loader.tensor("bert.embeddings.word_embeddings.weight", &[vocabulary, hidden])?;
        let mut positions = loader.tensor("bert.embeddings.position_embeddings.weight", &[positions, hidden])?;
        let types = loader.tensor("bert.embeddings.token_type_embeddings.weight", &[types, hidden])?;
        for position in positions.chunks_exact_mut(hidden) {
            position.iter_mut().zip(&types).for_each(|(x, of_type)| *x += of_type); // every token is of type 0
        }
        let norm = loader.norm("bert.embeddings.LayerNorm", hidden)?;
        let all = (hidden, &Some as &dyn Fn(usize) -> Option<usize>);
        let within = (heads.columns(), &(|column| heads.number(column)) as &dyn Fn(usize) -> Option<usize>);
        let between = (intermediate, &Some as &dyn Fn(usize) -> Option<usize>);
        let layers = (0..layers).map(|layer| {
            let part = |part: &str| format!("bert.encoder.layer.{layer}.{part}");
            let (query, key, value) =
                (part("attention.self.query"), part("attention.self.key"), part("attention.self.value"));
            Ok(Layer {
                query: loader.linear(&[query], all, within)?,
                key_value: loader.linear(&[key, value], all, within)?,
                context: loader.linear(&[part("attention.output.dense")], within, all)?,
                context_norm: loader.norm(&part("attention.output.LayerNorm"), hidden)?,
                intermediate: loader.linear(&[part("intermediate.dense")], all, between)?,
                output: loader.linear(&[part("output.dense")], between, all)?,
                output_norm: loader.norm(&part("output.LayerNorm"), hidden)?,
            })
        });
        let layers = layers.collect::<Result<_, E>>()?;
        loader.encoding = Encoding::F32; // one row
        let pooler = loader.linear(&["bert.pooler.dense".to_owned()], all, all)?;
        let classifier = loader.tensor("classifier.weight", &[LABELS, hidden])?;
        let classifier_bias = loader.tensor("classifier.bias", &[LABELS])?;
        Ok(Self {
            linear,
            attention,
            hidden,
            intermediate,
            heads,
            words,
            positions,
            norm,
            layers,
            pooler,
            classifier,
            classifier_bias,
        })
    }

    /// # Safety
    /// The CPU must have `I`'s instructions, and those of the precision.
    #[inline(always)]
    unsafe fn forward<I: Isa>(&self, ids: &[u16], padded: usize, scratch: &mut Scratch) -> [f32; LABELS] {
        let tokens = ids.len() + SPECIAL;
        let padding = padded.saturating_sub(tokens);
        let all = tokens + padding;
        assert!(all * self.hidden <= self.positions.len(), "{all} tokens, but positions for fewer");
        let x_stride = Between::stride(self.hidden);
        scratch.x.reserve(all * x_stride);
        let ids = [CLS].into_iter().chain(ids.iter().copied()).chain([SEP]).chain(std::iter::repeat_n(PAD, padding));
        // SAFETY: the caller's promises.
        unsafe {
            for ((row, id), position) in
                scratch.x.chunks_mut(x_stride).zip(ids).zip(self.positions.chunks_exact(self.hidden))
            {
                let word = &self.words[usize::from(id) * self.hidden..][..self.hidden];
                for (x, (word, position)) in row.iter_mut().zip(word.iter().zip(position)) {
                    *x = word + position;
                }
                self.norm.forward::<I::Register>(row);
            }
            for (number, layer) in self.layers.iter().enumerate() {
                // Only [CLS] is read from the last layer, so only its attention is computed there.
                let asking = if number + 1 == self.layers.len() { 1 } else { all };
                self.layer::<I>(layer, asking, all, tokens, scratch);
            }
            self.head::<I>(scratch)
        }
    }

    /// Replaces the first `asking` rows of `x` by the layer's output.
    #[inline(always)]
    unsafe fn layer<I: Isa>(&self, layer: &Layer, asking: usize, all: usize, tokens: usize, scratch: &mut Scratch) {
        let Scratch { x, input, queries, keys_values, context, intermediate, attention, .. } = scratch;
        let (hidden, heads, between) = (self.hidden, self.heads.columns(), self.intermediate);
        let (linear, of_attention, x_stride) = (self.linear, self.attention, Between::stride(hidden));
        // SAFETY: the caller's promises.
        unsafe {
            let rows = input.encode::<I::Register>(linear, x, x_stride, (all, hidden));
            layer.query.forward::<I>(rows, asking, queries.target(of_attention, asking, heads), Then::Store);
            layer.key_value.forward::<I>(rows, all, keys_values.target(of_attention, all, 2 * heads), Then::Store);
            let positions = Positions {
                asking,
                all,
                tokens,
                queries: queries.rows::<I::Register>(of_attention, asking, heads),
                keys_values: keys_values.rows::<I::Register>(of_attention, all, 2 * heads),
            };
            self.heads.attend::<I>(&positions, attention, context.target(linear, asking, heads));

            let rows = context.rows::<I::Register>(linear, asking, heads);
            layer.context.forward::<I>(rows, asking, Target::F32(x, x_stride), Then::Add);
            x.chunks_mut(x_stride).take(asking).for_each(|row| layer.context_norm.forward::<I::Register>(row));

            let rows = input.encode::<I::Register>(linear, x, x_stride, (asking, hidden));
            layer.intermediate.forward::<I>(rows, asking, intermediate.target(linear, asking, between), Then::Gelu);
            let rows = intermediate.rows::<I::Register>(linear, asking, between);
            layer.output.forward::<I>(rows, asking, Target::F32(x, x_stride), Then::Add);
            x.chunks_mut(x_stride).take(asking).for_each(|row| layer.output_norm.forward::<I::Register>(row));
        }
    }

    /// Computes the logits from the first row of `x`.
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation)] // one rounding of what is summed in f64
    unsafe fn head<I: Isa>(&self, scratch: &mut Scratch) -> [f32; LABELS] {
        let Scratch { x, input, pooled, .. } = scratch;
        pooled.reserve(self.hidden);
        // SAFETY: the caller's promises.
        unsafe {
            let row = input.encode::<I::Register>(Encoding::F32, x, self.hidden, (1, self.hidden));
            self.pooler.forward::<I>(row, 1, Target::F32(pooled, self.hidden), Then::Store);
        }
        let pooled: Vec<f64> = pooled[..self.hidden].iter().map(|&x| f64::from(x).tanh()).collect();
        std::array::from_fn(|label| {
            let weights = &self.classifier[label * self.hidden..][..self.hidden];
            let products = weights.iter().zip(&pooled).map(|(&weight, x)| f64::from(weight) * x);
            (f64::from(self.classifier_bias[label]) + products.sum::<f64>()) as f32
        })
    }
}
