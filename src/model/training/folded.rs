//! Folds batch normalisation into the weights: the network that scores reads has none.
//!
//! In a training, a layer normalises by the statistics of a batch. Afterwards it uses those of many reads, which are
//! passed through the network again for that: then the normalisation is the same for every read, and can become part of
//! the layer's weights and bias. (`compact/export.py` of the training workflow does the same.)

use std::collections::BTreeMap;
use std::sync::Arc;

use burn::tensor::{Tensor, TensorData};
use rayon::prelude::*;

use super::learning::Example;
use super::trainer::{Place, Trainer};
use crate::model::burn_engine::batch_norm::{EPSILON, Moments, Seen};
use crate::model::burn_engine::tensors::{Flat, InTraining, Tensors};
use crate::model::device::DeviceError;
use crate::model::error::Result;
use crate::model::panics::catch;

/// The number of reads passed through the network at once.
const AT_ONCE: usize = 64;

/// The statistics of a layer: a count of numbers, and by channel the sums of the numbers and of their squares.
#[derive(Debug, Default)]
struct Sums {
    count: f64,
    each: Vec<[f64; 2]>,
}

impl Trainer {
    /// Computes the weights that score reads from the current ones, using the statistics over these reads. Without
    /// batch normalisation, they are the weights that are trained.
    ///
    /// # Errors
    /// [`Error::Device`](crate::model::Error::Device) if the device fails.
    pub fn fold(&mut self, reads: &[&Example]) -> Result<()> {
        if !self.norms.is_empty() {
            self.folded = Some(self.folded_by(&self.seen(reads)?));
        }
        Ok(())
    }

    /// The statistics of all layers on these reads.
    fn seen(&self, reads: &[&Example]) -> Result<BTreeMap<String, Sums>> {
        let examples: Vec<Example> = reads.iter().map(|&read| read.clone()).collect();
        let mut by_length: BTreeMap<usize, Vec<&Example>> = BTreeMap::new();
        for (length, read) in self.lengths(&examples)?.into_iter().zip(&examples) {
            by_length.entry(length).or_default().push(read);
        }
        let batches: Vec<(usize, &[&Example])> = by_length
            .iter()
            .flat_map(|(&length, reads)| reads.chunks(AT_ONCE).map(move |some| (length, some)))
            .collect();
        let of = |&(length, reads): &(usize, &[&Example])| self.seen_of(reads, length);
        let all: Result<Vec<Vec<(String, Sums)>>, String> = match &self.place {
            Place::Cpu(pool) => pool.install(|| batches.par_iter().map(of).collect()),
            Place::Gpu(..) => batches.iter().map(of).collect(),
        };
        let mut sums: BTreeMap<String, Sums> = BTreeMap::new();
        for (layer, own) in all.map_err(|reason| DeviceError::failed("the device", reason))?.into_iter().flatten() {
            sums.entry(layer).or_default().add(&own);
        }
        Ok(sums)
    }

    fn seen_of(&self, reads: &[&Example], length: usize) -> Result<Vec<(String, Sums)>, String> {
        catch(|| {
            let seen = Arc::new(Seen::default());
            let training = InTraining { normalises: true, seen: Some(Arc::clone(&seen)), dropout: None };
            let mut tensors = Tensors::trained(&self.weights, training, &self.device);
            let network = self.network(&mut tensors).map_err(|error| error.to_string())?;
            let ids: Vec<Vec<u16>> = reads.iter().map(|read| self.ids(&read.bases)).collect();
            drop(network.forward(&self.rows(&ids), length, &self.device));
            seen.take().into_iter().map(Sums::of).collect()
        })?
    }

    fn folded_by(&self, seen: &BTreeMap<String, Sums>) -> Flat {
        let mut flat = self.weights.clone();
        let shapes = self.shapes();
        for norm in &self.norms {
            let Some(sums) = seen.get(&norm.layer) else { continue };
            let [mean, deviation] = sums.moments().map(|numbers| {
                let length = numbers.len();
                Tensor::<1>::from_data(TensorData::new(numbers, [length]), &self.device)
            });
            let scale = flat.remove(&norm.scale).expect("a norm has a scale") / deviation;
            let shift = flat.remove(&norm.shift).expect("a norm has a shift") - mean * scale.clone();
            flat.insert(norm.shift.clone(), shift);
            match &norm.weight {
                None => drop(flat.insert(norm.scale.clone(), scale)),
                Some(name) => {
                    let channels = shapes[name][0];
                    let weight = flat.remove(name).expect("a layer has weights");
                    let each = weight.dims()[0] / channels;
                    let weight = weight.reshape([channels, each]) * scale.reshape([channels, 1]);
                    flat.insert(name.clone(), weight.reshape([channels * each]));
                }
            }
        }
        flat
    }
}

impl Sums {
    fn of(Moments { layer, count, mean, variance }: Moments) -> Result<(String, Self), String> {
        #[expect(clippy::cast_precision_loss, reason = "a batch has far fewer than 2^52 numbers")]
        let count = count as f64;
        let read = |tensor: Tensor<1>| tensor.try_into_vec_as::<f32>().map_err(|error| error.to_string());
        let (means, variances) = (read(mean)?, read(variance)?);
        let sums = means.into_iter().zip(variances).map(|(mean, variance)| {
            let [mean, variance] = [mean, variance].map(f64::from);
            [count * mean, count * (variance + mean * mean)]
        });
        Ok((layer, Self { count, each: sums.collect() }))
    }

    fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.each.resize(other.each.len(), [0.0; 2]);
        for (own, more) in self.each.iter_mut().zip(&other.each) {
            *own = [own[0] + more[0], own[1] + more[1]];
        }
    }

    /// The mean and the standard deviation of each channel.
    #[expect(clippy::cast_possible_truncation, reason = "a weight needs no more than f32")]
    fn moments(&self) -> [Vec<f32>; 2] {
        let moments = self.each.iter().map(|&[sum, squares]| {
            let mean = sum / self.count;
            let variance = (squares / self.count - mean * mean).max(0.0);
            (mean as f32, (variance + EPSILON).sqrt() as f32)
        });
        let (means, deviations) = moments.unzip();
        [means, deviations]
    }
}
