//! Starts a network from random weights, drawn as in `PyTorch`.

use std::collections::{BTreeSet, HashMap};

use super::recipe::Recipe;
use crate::model::random::{Bits, even_numbers, random_numbers};
use crate::model::written::Named;

/// How a training starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Start {
    /// The seed for random weights and for dropout.
    pub seed: u64,
    /// Whether to start from random weights, using only the shape of the checkpoint's network.
    pub from_scratch: bool,
}

/// How a family starts from random weights.
#[derive(Debug)]
pub(in crate::model) struct Scratch {
    /// The recipe for such a training, unless the user changes it.
    pub(in crate::model) recipe: Recipe,
    /// The batch normalisations, which are folded into the weights at the end.
    pub(in crate::model) norms: Vec<NormOf>,
    /// The tensor of embeddings, and their initial standard deviation.
    pub(in crate::model) embedding: (&'static str, f64),
}

/// The batch normalisation of a layer, by the names of its tensors.
#[derive(Clone, Debug)]
pub(in crate::model) struct NormOf {
    /// The name of the layer.
    pub(in crate::model) layer: String,
    /// The tensor of scales.
    pub(in crate::model) scale: String,
    /// The tensor of shifts.
    pub(in crate::model) shift: String,
    /// The weights into which the scale is folded; `None` if the network that scores has a scale too.
    pub(in crate::model) weight: Option<String>,
}

impl NormOf {
    /// The normalisation after a layer with weights, whose bias it replaces.
    pub(in crate::model) fn layer(layer: String) -> Self {
        let [scale, shift, weight] = ["norm", "bias", "weight"].map(|part| format!("{layer}.{part}"));
        Self { layer, scale, shift, weight: Some(weight) }
    }

    /// The normalisation of numbers that the network that scores scales and shifts too.
    pub(in crate::model) fn numbers(layer: &str) -> Self {
        let [scale, shift] = ["scale", "shift"].map(|part| format!("{layer}.{part}"));
        Self { layer: layer.to_owned(), scale, shift, weight: None }
    }

    /// The name and shape of the scale, if the network that scores has no such tensor.
    pub(super) fn added(&self, shapes: &HashMap<String, Vec<usize>>) -> Option<(String, Vec<usize>)> {
        (!shapes.contains_key(&self.scale)).then(|| (self.scale.clone(), shapes[&self.shift].clone()))
    }
}

impl Scratch {
    /// Draws tensors with these names and shapes; the first `fixed_rows` of each are zeros.
    pub(super) fn draw(
        &self,
        tensors: impl Iterator<Item = (String, Vec<usize>)>,
        seed: u64,
        fixed_rows: impl Fn(&str) -> usize,
    ) -> Vec<Named> {
        let tensors: Vec<_> = tensors.collect();
        let shapes: HashMap<&str, &[usize]> =
            tensors.iter().map(|(name, shape)| (name.as_str(), shape.as_slice())).collect();
        let (scales, shifts): (BTreeSet<_>, BTreeSet<_>) =
            self.norms.iter().map(|norm| (&norm.scale, &norm.shift)).unzip();
        let mut seeds = Bits::new(seed);
        let mut draw = |(name, shape): &(String, Vec<usize>)| {
            let (seed, count) = (seeds.next(), shape.iter().product());
            let numbers = if scales.contains(name) {
                vec![1.0; count]
            } else if shifts.contains(name) {
                vec![0.0; count]
            } else if name == self.embedding.0 {
                let mut numbers = random_numbers(seed, count, self.embedding.1);
                numbers[..fixed_rows(name) * shape[1]].fill(0.0);
                numbers
            } else {
                even_numbers(seed, count, 1.0 / inputs(name, &shapes).sqrt())
            };
            (name.clone(), shape.clone(), numbers)
        };
        tensors.iter().map(&mut draw).collect()
    }
}

/// The number of inputs of each output in a layer, which determines the spread of its weights and biases (He et al.
/// 2015, with the slope that `PyTorch` uses).
fn inputs(name: &str, shapes: &HashMap<&str, &[usize]>) -> f64 {
    let weight = name.strip_suffix(".bias").map_or_else(|| name.to_owned(), |layer| format!("{layer}.weight"));
    let each: usize = shapes.get(weight.as_str()).map_or(1, |shape| shape[1..].iter().product());
    #[expect(clippy::cast_precision_loss, reason = "a layer has far fewer than 2^52 inputs")]
    let each = each.max(1) as f64;
    each
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_spread_by_their_inputs_and_norms_do_nothing_at_first() {
        let recipe = Recipe::of_ours(0.1);
        let norms = vec![NormOf::layer("stem".to_owned())];
        let scratch = Scratch { recipe, norms, embedding: ("words", 0.1) };
        let tensors = [
            ("words", vec![40, 8]),
            ("stem.weight", vec![12, 8, 6]),
            ("stem.bias", vec![12]),
            ("last.weight", vec![5, 16]),
        ];
        let tensors = tensors.into_iter().chain([("last.bias", vec![5]), ("stem.norm", vec![12])]);
        let tensors: Vec<_> = tensors.map(|(name, shape)| (name.to_owned(), shape)).collect();
        let draw = |seed| scratch.draw(tensors.clone().into_iter(), seed, |_| 5);
        let drawn = draw(1);
        let most = |n: usize| drawn[n].2.iter().fold(0.0_f32, |most, number| most.max(number.abs()));
        assert!(drawn[0].2[..40].iter().all(|&number| number == 0.0) && most(0) > 0.1);
        assert!(most(1) <= 48.0_f32.sqrt().recip() && most(1) > 0.9 * 48.0_f32.sqrt().recip());
        assert!(most(3) <= 0.25 && most(4) <= 0.25 && most(3) > 0.2, "{} {}", most(3), most(4));
        assert!(drawn[2].2 == [0.0; 12] && drawn[5].2 == [1.0; 12]);
        assert_eq!(drawn, draw(1));
        assert_ne!(drawn, draw(2));
    }
}
