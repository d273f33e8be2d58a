//! The optimiser: Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv 1711.05101).

use std::collections::BTreeMap;

use burn::tensor::Tensor;

use super::recipe::AdamW;
use crate::model::burn_engine::tensors::Flat;

/// The state of the optimiser.
#[derive(Debug, Default)]
pub(super) struct Optimiser {
    /// The number of steps so far.
    pub(super) steps: u32,
    /// The running means of gradients and of their squares.
    pub(super) means: BTreeMap<String, [Tensor<1>; 2]>,
}

impl Optimiser {
    /// Updates the weights by a step against their gradients. `is_matrix` tells which weights decay.
    pub(super) fn step(
        &mut self,
        weights: &mut Flat,
        gradients: Flat,
        (settings, rate): (AdamW, f64),
        is_matrix: impl Fn(&str) -> bool,
    ) {
        let AdamW { betas, epsilon, decay } = settings;
        self.steps += 1;
        // Corrects the bias of the means, which start at zero.
        let [first, second] = betas.map(|beta| 1.0 - beta.powf(f64::from(self.steps)));
        for (name, gradient) in gradients {
            let Some(weight) = weights.get_mut(&name) else { continue };
            let square = gradient.clone().square();
            let means = self.means.remove(&name).unwrap_or_else(|| [(); 2].map(|()| gradient.zeros_like()));
            let [mean, of_squares] = means;
            let mean = mean * betas[0] + gradient * (1.0 - betas[0]);
            let of_squares = of_squares * betas[1] + square * (1.0 - betas[1]);
            let step = mean.clone() / (of_squares.clone().sqrt() / second.sqrt() + epsilon);
            let kept = if is_matrix(&name) { 1.0 - rate * decay } else { 1.0 };
            *weight = weight.clone() * kept - step * (rate / first);
            self.means.insert(name, [mean, of_squares]);
        }
    }
}

/// Scales the gradients down if their norm, over all of them, exceeds `longest`.
pub(super) fn shorten(gradients: &mut Flat, longest: f64) {
    let squares = gradients.values().map(|gradient| gradient.clone().square().sum());
    let Some(square) = squares.reduce(|one, other| one + other) else { return };
    let scale = (square.sqrt() + 1e-6).recip() * longest;
    let scale = scale.clamp_max(1.0);
    for gradient in gradients.values_mut() {
        *gradient = gradient.clone() * scale.clone();
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;

    fn flat(numbers: &[f32]) -> Flat {
        let tensor = Tensor::from_data(TensorData::new(numbers.to_vec(), [numbers.len()]), &Device::flex());
        Flat::from([("w".to_owned(), tensor)])
    }

    fn numbers(flat: &Flat) -> Vec<f32> {
        flat["w"].clone().try_into_vec_as().unwrap()
    }

    /// `torch.optim.AdamW([w], lr=0.1, betas=(0.9, 0.98), weight_decay=0.5)`, two steps.
    #[test]
    fn steps_are_those_of_torch() {
        let settings = AdamW { betas: [0.9, 0.98], epsilon: 1e-8, decay: 0.5 };
        let (mut weights, mut optimiser) = (flat(&[1.0, -2.0]), Optimiser::default());
        for gradient in [[0.5, 0.1], [-1.0, 0.2]] {
            optimiser.step(&mut weights, flat(&gradient), (settings, 0.1), |_| true);
        }
        for (ours, torch) in numbers(&weights).into_iter().zip([0.844_005_35, -1.996_241_5]) {
            assert!((ours - torch).abs() < 1e-6, "{ours} {torch}");
        }
    }

    #[test]
    fn only_long_gradients_are_shortened() {
        let mut long = flat(&[3.0, 4.0]);
        shorten(&mut long, 1.0);
        assert!(numbers(&long).iter().zip([0.6, 0.8]).all(|(one, other)| (one - other).abs() < 1e-6));
        let mut short = flat(&[0.3, 0.4]);
        shorten(&mut short, 1.0);
        assert_eq!(numbers(&short), [0.3, 0.4]);
    }
}
