//! The source of a network's tensors: a checkpoint, or a training that changes them from step to step.

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

/// A function with which a family takes a tensor from a checkpoint.
type Take = fn(&mut Weights, &str, &[usize]) -> Result<Vec<f32>, LoadError>;

/// Tensors by name, flattened in row-major order.
#[cfg(feature = "train")]
pub(in crate::model) type Flat = BTreeMap<String, Tensor<1>>;

/// Provides a network's tensors by name.
pub(in crate::model) struct Tensors<'a> {
    source: Source<'a>,
    device: &'a Device,
}

enum Source<'a> {
    Stored(&'a mut Weights),
    #[cfg(feature = "train")]
    Trained(&'a Flat, InTraining),
}

/// What a network does only in training.
#[cfg(feature = "train")]
#[derive(Clone, Debug, Default)]
pub(in crate::model) struct InTraining {
    /// Whether its layers use batch normalisation.
    pub(in crate::model) normalises: bool,
    /// Where these layers record the moments they see.
    pub(in crate::model) seen: Option<Arc<Seen>>,
    /// The dropout, if the training has it.
    pub(in crate::model) dropout: Option<Arc<Dropout>>,
}

impl<'a> Tensors<'a> {
    /// The tensors of a checkpoint, for this device.
    pub(in crate::model) fn stored(weights: &'a mut Weights, device: &'a Device) -> Self {
        Self { source: Source::Stored(weights), device }
    }

    /// The tensors of a training, which are on this device already.
    #[cfg(feature = "train")]
    pub(in crate::model) fn trained(flat: &'a Flat, training: InTraining, device: &'a Device) -> Self {
        Self { source: Source::Trained(flat, training), device }
    }

    /// The network's dropout, if a training has it.
    pub(in crate::model) fn dropout(&self) -> Option<Arc<Dropout>> {
        match &self.source {
            Source::Stored(_) => None,
            #[cfg(feature = "train")]
            Source::Trained(_, training) => training.dropout.clone(),
        }
    }

    /// A layer's batch normalisation, with a scale of this name and this shift, if a training has it.
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

    /// The device of the tensors.
    pub(in crate::model) fn device(&self) -> &'a Device {
        self.device
    }

    /// Takes a tensor as stored, to be changed before it is [placed](Self::place); a tensor of a checkpoint is still on
    /// the CPU.
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

    /// Puts a tensor onto the device. A tensor of a checkpoint is copied into a contiguous layout instead of a
    /// transposed view, since products read weights again and again.
    pub(in crate::model) fn place<const D: usize>(&self, tensor: Tensor<D>) -> Tensor<D> {
        match &self.source {
            Source::Stored(_) => Tensor::from_data(tensor.into_data(), self.device),
            #[cfg(feature = "train")]
            Source::Trained(..) => tensor,
        }
    }

    /// Takes a tensor as stored and puts it onto the device.
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
