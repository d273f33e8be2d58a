//! Where a network's tensors come from: a checkpoint, or a training that changes them from step to step.

#[cfg(feature = "train")]
use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor, TensorData};

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
    Trained(&'a Flat),
}

impl<'a> Tensors<'a> {
    /// Those of a checkpoint, for this device.
    pub(in crate::model) fn stored(weights: &'a mut Weights, device: &'a Device) -> Self {
        Self { source: Source::Stored(weights), device }
    }

    /// Those of a training, which are on this device already.
    #[cfg(feature = "train")]
    pub(in crate::model) fn trained(flat: &'a Flat, device: &'a Device) -> Self {
        Self { source: Source::Trained(flat), device }
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
            Source::Trained(flat) => match flat.get(name) {
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
            Source::Trained(_) => tensor,
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
