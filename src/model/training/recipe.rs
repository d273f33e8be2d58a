//! The recipe for training a family: learning rate, duration and more. Pure.

use std::f64::consts::PI;

/// The recipe for training a family.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recipe {
    /// The number of epochs.
    pub epochs: usize,
    /// The number of reads in a step.
    pub batch_size: usize,
    /// The highest learning rate.
    pub rate: f64,
    /// The share of the training in which the learning rate rises to its highest value.
    pub warm_up: f64,
    /// How the rate falls after that.
    pub fall: Fall,
    /// The optimiser's settings.
    pub adamw: AdamW,
    /// The largest norm of the gradient of all weights.
    pub longest_gradient: f64,
    /// The share of activations that are dropped at random, if the family has dropout.
    pub dropout: f64,
}

/// How the learning rate falls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fall {
    /// Linearly to zero.
    Linear,
    /// Along a cosine, to this share of the highest rate.
    Cosine(f64),
}

/// The optimiser's settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// The decay rates of the running means of gradients and of their squares.
    pub betas: [f64; 2],
    /// Added to the denominator.
    pub epsilon: f64,
    /// How fast matrices decay at a learning rate of 1; biases and norms do not.
    pub decay: f64,
}

impl Recipe {
    /// The recipe of our own families for weights that are good already; the rate falls to this share of the highest.
    pub(in crate::model) fn of_ours(last: f64) -> Self {
        Self {
            epochs: 3,
            batch_size: 64,
            rate: 1e-3,
            warm_up: 0.04,
            fall: Fall::Cosine(last),
            adamw: AdamW { betas: [0.9, 0.98], epsilon: 1e-8, decay: 0.04 },
            longest_gradient: 2.0,
            dropout: 0.0,
        }
    }

    /// The learning rate when this share of the training is done.
    #[must_use]
    pub fn rate_at(&self, done: f64) -> f64 {
        let done = done.clamp(0.0, 1.0);
        if done < self.warm_up {
            return self.rate * done / self.warm_up;
        }
        let left = (1.0 - done) / (1.0 - self.warm_up).max(f64::MIN_POSITIVE);
        self.rate
            * match self.fall {
                Fall::Linear => left,
                Fall::Cosine(last) => last + (1.0 - last) * (1.0 + (PI * (1.0 - left)).cos()) / 2.0,
            }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn recipe(warm_up: f64, fall: Fall) -> Recipe {
        let adamw = AdamW { betas: [0.9, 0.999], epsilon: 1e-8, decay: 0.01 };
        Recipe { epochs: 1, batch_size: 1, rate: 2e-5, warm_up, fall, adamw, longest_gradient: 1.0, dropout: 0.0 }
    }

    proptest! {
        #[test]
        fn the_rate_rises_to_its_peak_and_falls_to_its_end(warm_up in 0.0_f64..0.9, done in 0.0_f64..1.0, last in 0.0_f64..1.0) {
            for fall in [Fall::Linear, Fall::Cosine(last)] {
                let recipe = recipe(warm_up, fall);
                let end = match fall { Fall::Linear => 0.0, Fall::Cosine(last) => last };
                prop_assert!((recipe.rate_at(warm_up) / 2e-5 - 1.0).abs() < 1e-9);
                prop_assert!((recipe.rate_at(1.0) / 2e-5 - end).abs() < 1e-9);
                let (now, next) = (recipe.rate_at(done), recipe.rate_at(done + 1e-3));
                let is_right = if done + 1e-3 < warm_up { now <= next } else { done < warm_up || next <= now + 1e-18 };
                prop_assert!(is_right, "{now} {next}");
            }
        }
    }
}
