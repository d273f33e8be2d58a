//! Creates the engine for a checkpoint's network: our own kernels, burn on the CPU, or GPUs.

use burn::tensor::FloatDType;

use super::burn_engine::form::Form;
use super::burn_engine::gpus::Gpus;
use super::burn_engine::on_cpu::OnCpu;
use super::burn_engine::tensors::Tensors;
use super::checkpoint::Checkpoint;
use super::cpu::InstructionSet;
use super::device::{self, DeviceError};
use super::engine::Engine;
use super::error::{Error, Needs, Result};
use super::family::{CpuSetup, Family};
use super::load_error::LoadError;
use super::options::Options;
use super::precision::Precision;
use super::weights::Weights;

/// Which kernels run on the CPU if both can.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kernels {
    /// Our own kernels.
    Own,
    /// burn's kernels.
    Burn,
}

/// Where a model runs, as far as precisions depend on it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    OwnKernels,
    BurnOnCpu,
    Gpu,
}

/// The error for a checkpoint that cannot be loaded.
pub(super) fn refused(options: &Options, problem: LoadError) -> Error {
    Error::Load { model: options.source.path(), problem }
}

/// Where a model runs on the CPU: on our own kernels, if allowed and supported.
pub(super) fn place_on_cpu(kernels: Kernels, family: &dyn Family) -> Place {
    if kernels == Kernels::Own && family.has_kernels() { Place::OwnKernels } else { Place::BurnOnCpu }
}

/// Creates the engine for the CPU, on our own kernels if they support the network.
pub(super) fn on_cpu(
    options: &Options,
    kernels: Kernels,
    family: &dyn Family,
    weights: &mut Weights,
) -> Result<(Box<dyn Engine>, Place)> {
    let &Options { precision, threads, .. } = options;
    let refused = |problem| refused(options, problem);
    check_precision(precision, family, if kernels == Kernels::Own { Place::OwnKernels } else { Place::BurnOnCpu })?;
    if place_on_cpu(kernels, family) == Place::OwnKernels {
        let engine = on_own_kernels(options, InstructionSet::detect_in(precision), family, weights)?;
        return Ok((engine, Place::OwnKernels));
    }
    let cpu = device::cpu();
    let network =
        family.burn_network(options.attention, Form::EXACT, &mut Tensors::stored(weights, &cpu)).map_err(refused)?;
    Ok((Box::new(OnCpu::new(network, threads)?), Place::BurnOnCpu))
}

/// Creates the engine on our own kernels, which must support the network, with these instructions.
pub(super) fn on_own_kernels(
    options: &Options,
    instructions: InstructionSet,
    family: &dyn Family,
    weights: &mut Weights,
) -> Result<Box<dyn Engine>> {
    let &Options { attention, precision, threads, .. } = options;
    let setup = CpuSetup { attention, precision, threads, instructions };
    family.cpu_engine(setup, weights).map_err(|problem| refused(options, problem))
}

/// Creates the engine on each of these GPUs.
pub(super) fn on_gpus(
    options: &Options,
    gpus: Vec<device::Gpu>,
    family: &dyn Family,
    weights: &mut Weights,
) -> Result<(Box<dyn Engine>, Place)> {
    check_precision(options.precision, family, Place::Gpu)?;
    let mut networks = Vec::with_capacity(gpus.len());
    for gpu in gpus {
        let form = form(options.precision, &gpu)?;
        let network = if networks.is_empty() {
            family.burn_network(options.attention, form, &mut Tensors::stored(weights, &gpu.device))
        } else {
            // Tensors can be taken from a checkpoint only once: each further GPU reads it again, so that memory never
            // holds all copies.
            let again = Checkpoint::open(&options.source);
            again.and_then(|mut again| {
                let mut tensors = Tensors::stored(&mut again.weights, &gpu.device);
                family.burn_network(options.attention, form, &mut tensors)
            })
        };
        networks.push((network.map_err(|problem| refused(options, problem))?, gpu));
    }
    Ok((Box::new(Gpus::new(networks, options.batch_size)), Place::Gpu))
}

/// The number format of a network on a GPU.
fn form(precision: Precision, gpu: &device::Gpu) -> Result<Form, DeviceError> {
    if precision != Precision::F16 {
        return Ok(Form::EXACT);
    }
    if !gpu.device.supports_dtype(FloatDType::F16) {
        return Err(DeviceError::NoF16 { name: gpu.adapter.name.clone() });
    }
    Ok(Form { numbers: FloatDType::F16, fused: gpu.adapter.reaches_matrix_units() })
}

/// Checks the precision: f32 runs everywhere, f16 on a GPU; all others run on our own kernels, if the network allows
/// it.
fn check_precision(precision: Precision, family: &dyn Family, place: Place) -> Result<()> {
    let fits = family.cpu_precisions().contains(&precision);
    let needs = match precision {
        Precision::F32 => return Ok(()),
        Precision::F16 if place == Place::Gpu => return Ok(()),
        Precision::F16 => Needs::Gpu,
        _ if !fits => Needs::Network(family.precision_needs(precision)),
        _ if place == Place::OwnKernels => return Ok(()),
        _ if place == Place::Gpu => Needs::Cpu,
        _ => Needs::OwnKernels,
    };
    Err(Error::Precision { precision, needs })
}
