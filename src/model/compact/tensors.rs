//! The tensors of a compact network. Every engine takes them from here, so that all refuse the same checkpoints.

use crate::model::load_error::LoadError;
use crate::model::weights::Weights;

/// Takes one of the network's tensors from the weights.
pub(super) fn take(weights: &mut Weights, name: &str, shape: &[usize]) -> Result<Vec<f32>, LoadError> {
    let numbers = weights.take(name, shape)?;
    // The padding token must count as nothing: the padding of convolutions and the tables of our own kernels rely on
    // it.
    if name == "embedding.weight" && numbers[..shape[1]].iter().any(|&number| number != 0.0) {
        return Err(LoadError::Padding { name: name.to_owned() });
    }
    Ok(numbers)
}
