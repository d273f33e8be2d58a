//! A step of a training: the loss of some reads, its gradients, and the update of the weights.

use std::ops::Range;
use std::sync::Arc;

use burn::tensor::Tensor;
use rayon::prelude::*;

use super::adamw::shorten;
use super::learning::{Example, Taught};
use super::trainer::{Place, Trainer};
use crate::model::burn_engine::dropout::Dropout;
use crate::model::burn_engine::halving::in_halves;
use crate::model::burn_engine::tensors::{Flat, InTraining, Tensors};
use crate::model::device::DeviceError;
use crate::model::error::{Error, Result};
use crate::model::panics::catch;
use crate::model::random::Bits;

/// The contribution of some reads to a step.
#[derive(Default)]
struct Part {
    /// The reads' contribution to the mean loss.
    loss: f64,
    /// The reads' contribution to the gradients.
    gradients: Flat,
}

impl Part {
    fn add(&mut self, other: Self) {
        self.loss += other.loss;
        for (name, gradient) in other.gradients {
            let sum = match self.gradients.remove(&name) {
                Some(before) => before + gradient,
                None => gradient,
            };
            self.gradients.insert(name, sum);
        }
    }
}

impl Trainer {
    /// Makes a step towards the truth about these reads, all of one [length](Self::lengths); returns the loss before
    /// it.
    ///
    /// # Errors
    /// [`Error::Device`] if the device fails, and [`Error::Diverged`] if the loss is not finite.
    pub fn step(&mut self, reads: &[&Example], length: usize, rate: f64) -> Result<f64> {
        let recipe = self.recipe();
        self.folded = None;
        let Part { loss, mut gradients } = self.gradients(reads, length)?;
        if !loss.is_finite() {
            return Err(Error::Diverged);
        }
        let shapes = self.shapes();
        for (name, gradient) in &mut gradients {
            let fixed = self.family.learning().fixed_rows(name) * shapes[name][1..].iter().product::<usize>();
            if fixed > 0 {
                let others = gradient.dims()[0] - fixed;
                let changed = gradient.clone().narrow(0, fixed, others);
                *gradient = Tensor::cat(vec![Tensor::zeros([fixed], &self.device), changed], 0);
            }
        }
        shorten(&mut gradients, recipe.longest_gradient);
        let is_matrix = |name: &str| shapes[name].len() > 1;
        self.optimiser.step(&mut self.weights, gradients, (recipe.adamw, rate), is_matrix);
        Ok(loss)
    }

    /// The mean loss of some reads and its gradients, computed in parts that fit the device.
    fn gradients(&mut self, reads: &[&Example], length: usize) -> Result<Part> {
        let (all, mut sum) = (reads.len(), Part::default());
        match &self.place {
            Place::Cpu(pool) => {
                // Parts have the same size whatever the number of threads, and are added up in order: so rounding is
                // the same too.
                let size = self.family.learning().rows_at_once();
                let starts: Vec<usize> = (0..all).step_by(size).collect();
                for some in starts.chunks(pool.current_num_threads()) {
                    let part = |&start: &usize| self.part(reads, start..all.min(start + size), length);
                    let parts = pool.install(|| some.par_iter().map(part).collect::<Result<Vec<Part>, String>>());
                    let parts = parts.map_err(|reason| DeviceError::failed("the CPU", reason))?;
                    for part in parts {
                        sum.add(part);
                    }
                }
            }
            Place::Gpu(gpu, most) => {
                let part = |range: Range<usize>| {
                    sum.add(self.part(reads, range, length)?);
                    Ok(vec![()])
                };
                let done = in_halves(all.min(*most), all, part);
                let (_, taken) = done.map_err(|reason| DeviceError::failed(&gpu.adapter.name, reason))?;
                self.note(all, taken);
            }
        }
        Ok(sum)
    }

    /// The dropout for some of the step's reads.
    fn dropout(&self, reads: Range<usize>) -> Option<Arc<Dropout>> {
        let share = self.recipe().dropout;
        let step = Bits::new(self.seed ^ Bits::new(u64::from(self.optimiser.steps)).next()).next();
        (share > 0.0).then(|| Arc::new(Dropout::new(share, step, reads)))
    }

    /// Notes how many reads the device took at once, if it did not take all.
    fn note(&mut self, all: usize, taken: Option<(usize, String)>) {
        if let (Some((taken, reason)), Place::Gpu(_, most)) = (taken, &mut self.place) {
            *most = taken;
            let note = format!("the device could not take {all} reads at once ({reason}); going on with {taken}");
            self.notes.push(note);
        }
    }

    /// Computes the contribution of some of a batch's reads.
    fn part(&self, reads: &[&Example], range: Range<usize>, length: usize) -> Result<Part, String> {
        catch(|| {
            let (all, dropout) = (reads.len(), self.dropout(range.clone()));
            let reads = &reads[range];
            let device = self.device.clone().autodiff();
            let leaf = |(name, weight): (&String, &Tensor<1>)| (name.clone(), weight.clone().autodiff().require_grad());
            let leaves: Flat = self.weights.iter().map(leaf).collect();
            let training = InTraining { normalises: !self.norms.is_empty(), seen: None, dropout };
            let mut tensors = Tensors::trained(&leaves, training, &device);
            let network = self.network(&mut tensors).map_err(|error| error.to_string())?;
            let ids: Vec<Vec<u16>> = reads.iter().map(|read| self.ids(&read.bases)).collect();
            let logits = network.forward(&self.rows(&ids), length, &device);
            let taught = reads.iter().map(|read| Taught { bases: read.bases.len(), truth: read.truth });
            #[expect(clippy::cast_precision_loss, reason = "a batch is far smaller than 2^52")]
            let share = reads.len() as f64 / all as f64;
            let loss = self.family.learning().loss(logits, &taught.collect::<Vec<_>>()) * share;
            let mut found = loss.backward();
            let gradients = leaves.into_iter().filter_map(|(name, leaf)| Some((name, leaf.grad_remove(&mut found)?)));
            let gradients = gradients.collect();
            let loss = loss.inner().try_into_vec_as::<f32>().map_err(|error| error.to_string())?;
            Ok(Part { loss: loss.into_iter().map(f64::from).sum(), gradients })
        })?
    }
}
