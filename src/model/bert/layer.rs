//! A layer of a BERT on burn.
//!
//! In f32, attention runs as separate kernels, so nothing depends on the device's features. In half precision, the
//! linear layers are multiplied in f16; the residual stream, normalisation and attention stay in f32.
//!
//! burn's attention operation is a single kernel that never stores a score, if the device has matrix units and the
//! build can use them. That kernel multiplies in f16 whatever its input (its sums and softmax are f32), so f32 does not
//! use it. It has no additive mask either, and needs lengths of whole tiles: [`Addends`] and [`TILE`] deal with that.

use std::f32::consts::FRAC_1_SQRT_2;
use std::sync::Arc;

use burn::tensor::Tensor;
use burn::tensor::module::{attention, layer_norm, linear};
use burn::tensor::ops::AttentionModuleOptions;

use crate::model::burn_engine::dropout::{Dropout, dropped};
use crate::model::burn_engine::form::{Form, high};
use crate::model::burn_engine::tensors::Tensors;
use crate::model::load_error::LoadError;
use crate::model::weights::Weights;

/// For the fused operation, rows are padded to a multiple of this many tokens: 298 is not a multiple of any tile, 320
/// is.
pub(super) const TILE: usize = 32;
/// For the fused operation, the width of a head's queries and keys is a multiple of this.
const WIDTH: usize = 16;

/// The width of a head's queries and keys. For the fused operation it has room for one more number, which carries the
/// addends.
fn width(form: Form, head: usize) -> usize {
    if form.fused { (head + 1).next_multiple_of(WIDTH) } else { head }
}

/// What is added to the attention scores of each token, in the form that a layer needs.
///
/// A score is the product of a query and a key. For the fused operation, each key has one more number, its addend, and
/// each query has a constant in that place, so that the addend is added to the score.
#[derive(Clone, Debug)]
pub(super) enum Addends {
    /// Nothing: all tokens of a row would get the same, which softmax ignores.
    None,
    /// Added to the scores, `[batch, 1, 1, tokens]`.
    ToScores(Tensor<4>),
    /// Added to the keys, `[batch, 1, tokens, width]`.
    ToKeys(Tensor<4>),
}

impl Addends {
    /// Creates addends from one number per token, `[batch, tokens]`.
    pub(super) fn new(addends: Tensor<2>, form: Form, head: usize) -> Self {
        let [batch, tokens] = addends.dims();
        if !form.fused {
            return Self::ToScores(addends.reshape([batch, 1, 1, tokens]));
        }
        let after = width(form, head) - head - 1;
        let addends = form.low(addends).reshape([batch, 1, tokens, 1]);
        Self::ToKeys(addends.pad([(head, after)], 0.0))
    }
}

/// A layer of a BERT.
#[derive(Debug)]
pub(super) struct Layer {
    form: Form,
    heads: usize,
    /// Queries, keys and values side by side, each for all heads. Queries are scaled so that scores need not be.
    asked: Linear,
    context: Linear,
    context_norm: Norm,
    intermediate: Linear,
    output: Linear,
    output_norm: Norm,
    dropout: Option<Arc<Dropout>>,
}

impl Layer {
    /// Computes the new `x` `[batch, tokens, hidden]`, for just the first token if `only_first`.
    pub(super) fn forward(&self, x: Tensor<3>, addends: &Addends, only_first: bool) -> Tensor<3> {
        let context = self.context.forward(self.form.low(self.attention(x.clone(), addends, only_first)));
        let x = if only_first { x.narrow(1, 0, 1) } else { x };
        let x = self.context_norm.forward(dropped(self.dropout.as_deref(), high(context)) + x);
        let inner = self.intermediate.forward(self.form.low(x.clone()));
        let inner = inner.clone().erf() * inner.clone() + inner; // the rest of GELU is in the weights
        self.output_norm.forward(dropped(self.dropout.as_deref(), high(self.output.forward(inner))) + x)
    }

    /// The attention of each token to all, for all heads `[batch, tokens, hidden]`; for just the first token if
    /// `only_first`.
    fn attention(&self, x: Tensor<3>, addends: &Addends, only_first: bool) -> Tensor<3> {
        let [batch, tokens, hidden] = x.dims();
        let wide = width(self.form, hidden / self.heads) * self.heads;
        let asked = self.asked.forward(self.form.low(x));
        let asked = if self.form.fused { asked } else { high(asked) };
        let split = |start: usize, width: usize| {
            let part = asked.clone().narrow(2, start, width);
            part.reshape([batch, tokens, self.heads, width / self.heads]).swap_dims(1, 2)
        };
        let (query, key, value) = (split(0, wide), split(wide, wide), split(2 * wide, hidden));
        let asking = if only_first { 1 } else { tokens };
        let query = query.narrow(2, 0, asking);
        let heard = match addends {
            Addends::ToKeys(addends) => fused(query, key + addends.clone(), value),
            _ if self.form.fused => fused(query, key, value),
            Addends::ToScores(addends) => self.attend(query, key, value, Some(addends)),
            Addends::None => self.attend(query, key, value, None),
        };
        heard.swap_dims(1, 2).reshape([batch, asking, hidden])
    }

    /// softmax(Q Kᵗ + addends) V. The division by the sums comes after the last product, where there is less to divide.
    fn attend(&self, query: Tensor<4>, key: Tensor<4>, value: Tensor<4>, addends: Option<&Tensor<4>>) -> Tensor<4> {
        let scores = query.matmul(key.swap_dims(2, 3));
        let scores = match addends {
            None => scores,
            Some(addends) => scores + addends.clone(),
        };
        let highest = scores.clone().max_dim(3);
        let weights = (scores - highest).exp();
        let sums = weights.clone().sum_dim(3);
        dropped(self.dropout.as_deref(), weights).matmul(value) / sums
    }
}

/// softmax(Q Kᵗ / sqrt(width)) V, as burn's fused operation.
fn fused(query: Tensor<4>, key: Tensor<4>, value: Tensor<4>) -> Tensor<4> {
    attention(query, key, value, None, None, AttentionModuleOptions::default())
}

/// `x -> x W + b`.
#[derive(Debug)]
pub(super) struct Linear {
    /// `[in, out]`: the transpose of the stored matrix.
    weight: Tensor<2>,
    /// `[out]`
    bias: Tensor<1>,
}

impl Linear {
    pub(super) fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        linear(x, self.weight.clone(), Some(self.bias.clone()))
    }
}

/// Layer normalisation, in f32.
#[derive(Debug)]
pub(super) struct Norm {
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f64,
}

impl Norm {
    pub(super) fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        layer_norm(x, self.gamma.clone(), Some(self.beta.clone()), self.epsilon)
    }
}

/// The tensors of a linear layer before they are placed on a device.
struct Numbers {
    /// `[out, in]`, as stored.
    weight: Tensor<2>,
    bias: Tensor<1>,
}

impl Numbers {
    /// Places the layer on the device.
    fn place(self, tensors: &Tensors<'_>, form: Form) -> Linear {
        let weight = tensors.place(self.weight.transpose());
        Linear { weight: form.low(weight), bias: form.low(tensors.place(self.bias)) }
    }
}

/// The sizes of a layer.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub(super) hidden: usize,
    pub(super) heads: usize,
    pub(super) intermediate: usize,
}

/// Makes layers from tensors.
pub(super) struct Loader<'a, 'w> {
    pub(super) tensors: &'a mut Tensors<'w>,
    pub(super) epsilon: f64,
    pub(super) form: Form,
}

impl Loader<'_, '_> {
    pub(super) fn matrix(&mut self, name: &str, shape: [usize; 2]) -> Result<Tensor<2>, LoadError> {
        self.tensors.placed(Weights::take, name, shape)
    }

    fn vector(&mut self, name: &str, length: usize) -> Result<Tensor<1>, LoadError> {
        self.tensors.placed(Weights::take, name, [length])
    }

    pub(super) fn norm(&mut self, name: &str, length: usize) -> Result<Norm, LoadError> {
        let gamma = self.vector(&format!("{name}.weight"), length)?;
        let beta = self.vector(&format!("{name}.bias"), length)?;
        Ok(Norm { gamma, beta, epsilon: self.epsilon })
    }

    /// A linear layer outside the encoder's layers, in f32.
    pub(super) fn linear(&mut self, name: &str, from: usize, to: usize) -> Result<Linear, LoadError> {
        Ok(self.numbers(name, from, to)?.place(self.tensors, Form::EXACT))
    }

    /// The layer whose tensors have names that start with `name`.
    pub(super) fn layer(&mut self, name: &str, sizes: Sizes) -> Result<Layer, LoadError> {
        let Sizes { hidden, heads, intermediate } = sizes;
        let part = |part: &str| format!("{name}.{part}");
        let context = self.numbers(&part("attention.output.dense"), hidden, hidden)?;
        // gelu(x) = x / 2 (1 + erf(x / sqrt 2)) = u (1 + erf u) / sqrt 2 where u = x / sqrt 2: both factors go into weights.
        let Numbers { weight, bias } = self.numbers(&part("intermediate.dense"), hidden, intermediate)?;
        let inner = Numbers { weight: weight * FRAC_1_SQRT_2, bias: bias * FRAC_1_SQRT_2 };
        let Numbers { weight, bias } = self.numbers(&part("output.dense"), intermediate, hidden)?;
        let output = Numbers { weight: weight * FRAC_1_SQRT_2, bias };
        Ok(Layer {
            form: self.form,
            heads,
            asked: self.asked(&part("attention.self"), hidden, heads)?,
            context: context.place(self.tensors, self.form),
            context_norm: self.norm(&part("attention.output.LayerNorm"), hidden)?,
            intermediate: inner.place(self.tensors, self.form),
            output: output.place(self.tensors, self.form),
            output_norm: self.norm(&part("output.LayerNorm"), hidden)?,
            dropout: self.tensors.dropout(),
        })
    }

    /// Queries, keys and values as one linear layer, so that one product computes all three.
    #[expect(clippy::cast_precision_loss, reason = "a head has far fewer than 2^24 numbers")]
    fn asked(&mut self, name: &str, hidden: usize, heads: usize) -> Result<Linear, LoadError> {
        let head = hidden / heads;
        let width = width(self.form, head);
        // The factor that turns products into scores; burn's operation divides by the root of the width that it sees.
        let (scale, constant) = if self.form.fused {
            ((width as f32 / head as f32).sqrt(), (width as f32).sqrt())
        } else {
            (1.0 / (head as f32).sqrt(), 0.0)
        };
        // Each query ends in the constant and each key in a zero for its addend; the weights of these outputs are zero.
        let widened = |Numbers { weight, bias }: Numbers, scale: f32, constant: f32| {
            let (weight, bias) = (weight * scale, bias * scale);
            if width == head {
                return Numbers { weight, bias };
            }
            let (device, more) = (bias.device(), width - head - 1);
            let weight = weight.reshape([heads, head, hidden]).pad([(0, more + 1), (0, 0)], 0.0);
            let ends = [Tensor::full([heads, 1], constant, &device), Tensor::zeros([heads, more], &device)];
            let bias = Tensor::cat([bias.reshape([heads, head])].into_iter().chain(ends).collect(), 1);
            Numbers { weight: weight.reshape([heads * width, hidden]), bias: bias.reshape([heads * width]) }
        };
        let mut part = |part: &str| self.numbers(&format!("{name}.{part}"), hidden, hidden);
        let parts = [widened(part("query")?, scale, constant), widened(part("key")?, 1.0, 0.0), part("value")?];
        let (weights, biases) = parts.into_iter().map(|Numbers { weight, bias }| (weight, bias)).unzip();
        Ok(Numbers { weight: Tensor::cat(weights, 0), bias: Tensor::cat(biases, 0) }.place(self.tensors, self.form))
    }

    fn numbers(&mut self, name: &str, from: usize, to: usize) -> Result<Numbers, LoadError> {
        let weight = self.tensors.take(Weights::take, &format!("{name}.weight"), [to, from])?;
        Ok(Numbers { weight, bias: self.tensors.take(Weights::take, &format!("{name}.bias"), [to])? })
    }
}
