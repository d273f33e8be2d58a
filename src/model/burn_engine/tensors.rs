//! Where a network's tensors come from: a checkpoint, or a training that changes them from step to step.

#[cfg(feature = "train")]
use std::collections::BTreeMap;
use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};

use super::batch_norm::BatchNorm;
#[cfg(feature = "train")]
use super::batch_norm::Seen;
use super::dropout::Dropout;
use crate::model::device;
use crate::model::load_error::LoadError;
use crate::model::weights::Weights;

/// How a family takes a tensor out of a checkpoint.
type Take = fn(&mut Weights, &str, &[usize]) -> Result<Vec<f32>, LoadError>;

/// The numbers of tensors by name, row-major.
#[cfg(feature = "train")]
pub(in crate::model) type Flat = BTreeMap<String, Tensor<1>>;

/// A network's tensors by name.
pub(in crate::model) struct Tensors<'a> {
    source: Source<'a>,
    device: &'a Device,
}

enum Source<'a> {
    Stored(&'a mut Weights),
    #[cfg(feature = "train")]
    Trained(&'a Flat, InTraining),
}

/// What a network does in a training alone.
#[cfg(feature = "train")]
#[derive(Clone, Debug, Default)]
pub(in crate::model) struct InTraining {
    /// Whether its layers normalise over a batch.
    pub(in crate::model) normalises: bool,
    /// Where they tell what they saw.
    pub(in crate::model) seen: Option<Arc<Seen>>,
    /// What it leaves out at random.
    pub(in crate::model) dropout: Option<Arc<Dropout>>,
}

impl<'a> Tensors<'a> {
    /// Those of a checkpoint, for this device.
    pub(in crate::model) fn stored(weights: &'a mut Weights, device: &'a Device) -> Self {
        Self { source: Source::Stored(weights), device }
    }

    /// Those of a training, which are on this device already.
    #[cfg(feature = "train")]
    pub(in crate::model) fn trained(flat: &'a Flat, training: InTraining, device: &'a Device) -> Self {
        Self { source: Source::Trained(flat, training), device }
    }

    /// What the network leaves out at random, in a training that does.
    pub(in crate::model) fn dropout(&self) -> Option<Arc<Dropout>> {
        match &self.source {
            Source::Stored(_) => None,
            #[cfg(feature = "train")]
            Source::Trained(_, training) => training.dropout.clone(),
        }
    }

    /// A layer's normalisation over a batch, with a scale of this name and this shift, in a training that has it.
    #[cfg_attr(not(feature = "train"), expect(unused_variables, clippy::unnecessary_wraps, clippy::unused_self))]
    pub(in crate::model) fn batch_norm(
        &self,
        layer: &str,
        scale: &str,
        shift: &Tensor<1>,
    ) -> Result<Option<BatchNorm>, LoadError> {
        #[cfg(feature = "train")]
        if let Source::Trained(flat, InTraining { normalises: true, seen, .. }) = &self.source {
            let scale = flat.get(scale).ok_or_else(|| LoadError::MissingTensor { name: scale.to_owned() })?;
            return Ok(Some(BatchNorm::new(layer, [scale.clone(), shift.clone()], seen.clone())));
        }
        Ok(None)
    }

    /// Where they are placed.
    pub(in crate::model) fn device(&self) -> &'a Device {
        self.device
    }

    /// A tensor as it is stored, to be changed before it is [placed](Self::place): a checkpoint's is still on the CPU.
    pub(in crate::model) fn take<const D: usize>(
        &mut self,
        take: Take,
        name: &str,
        shape: [usize; D],
    ) -> Result<Tensor<D>, LoadError> {
        match &mut self.source {
            Source::Stored(weights) => {
                Ok(Tensor::from_data(TensorData::new(take(weights, name, &shape)?, shape), &device::cpu()))
            }
            #[cfg(feature = "train")]
            Source::Trained(flat, _) => match flat.get(name) {
                Some(numbers) => Ok(numbers.clone().reshape(shape)),
                None => Err(LoadError::MissingTensor { name: name.to_owned() }),
            },
        }
    }

    /// Puts a tensor onto the device. A checkpoint's is laid out anew rather than viewed from the side: products read weights
    /// again and again.
    pub(in crate::model) fn place<const D: usize>(&self, tensor: Tensor<D>) -> Tensor<D> {
        match &self.source {
            Source::Stored(_) => Tensor::from_data(tensor.into_data(), self.device),
            #[cfg(feature = "train")]
            Source::Trained(..) => tensor,
        }
    }

    /// A tensor on the device as it is stored.
    pub(in crate::model) fn placed<const D: usize>(
        &mut self,
        take: Take,
        name: &str,
        shape: [usize; D],
    ) -> Result<Tensor<D>, LoadError> {
        let tensor = self.take(take, name, shape)?;
        Ok(self.place(tensor))
    }
}
