//! Puts a checkpoint on the device it is to run on.

use std::num::NonZero;

use burn::tensor::FloatDType;

use super::burn_engine::form::Form;
use super::burn_engine::gpus::Gpus;
use super::burn_engine::on_cpu::OnCpu;
use super::burn_engine::tensors::Tensors;
use super::card::Card;
use super::check;
use super::checkpoint::Checkpoint;
use super::device::{self, Choice, DeviceError, Ready};
use super::engine::Engine;
use super::error::{Error, Needs, Result};
use super::family::{CpuSetup, Family, Scoring};
use super::load_error::LoadError;
use super::options::{Check, Options};
use super::precision::Precision;
use super::source::Source;
use super::unscored::Unscored;
use super::weights::Weights;

/// A model that is ready to run.
pub(super) struct Loaded {
    pub(super) card: Card,
    pub(super) scoring: Box<dyn Scoring>,
    pub(super) engine: Box<dyn Engine>,
    /// What the user should know.
    pub(super) notes: Vec<String>,
}

/// What computes on the CPU where both can.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kernels {
    /// Our own.
    Own,
    /// burn's.
    Burn,
}

/// Loads a model and readies its device.
pub(super) fn load(options: &Options, kernels: Kernels) -> Result<Loaded> {
    if options.source == Source::Unscored {
        let (scoring, engine) = (Box::new(Unscored), Box::new(Unscored));
        return Ok(Loaded { card: Unscored::card(), scoring, engine, notes: Vec::new() });
    }
    let refused = |problem| refused(options, problem);
    let Checkpoint { name, family, mut weights } = Checkpoint::open(&options.source).map_err(refused)?;
    let sha256 = weights.sha256().map_err(refused)?;
    let (loaded, note) = match device::ready(&options.device)? {
        Ready::Cpu { note } => (on_cpu(options, kernels, family.as_ref(), &mut weights)?, note),
        Ready::Gpus(gpus) => (on_gpus(options, gpus, family.as_ref(), &mut weights)?, None),
    };
    let parameters = weights.finish().map_err(refused)?;
    let (engine, doubt) = match options.check {
        Check::Run => trusted(options, family.as_ref(), loaded, parameters)?,
        Check::Skip => (loaded.0, None),
    };
    let card = Card {
        name,
        kind: family.kind().into(),
        sha256,
        attention: family.has_attention().then(|| options.attention.name().into()),
        precision: if doubt.is_none() { options.precision } else { Precision::F32 }.name().into(),
        parameters,
        device: engine.device(),
        backend: engine.backend(),
    };
    Ok(Loaded { card, scoring: family, engine, notes: note.into_iter().chain(doubt).collect() })
}

/// The engine, if it computes what the plain path does. Else the plain path and a note; or an error, if the user named a GPU.
fn trusted(
    options: &Options,
    family: &dyn Family,
    (engine, place): (Box<dyn Engine>, Place),
    parameters: usize,
) -> Result<(Box<dyn Engine>, Option<String>)> {
    let rows = check::rows(family.requirements(), parameters, place == Place::Gpu);
    let logits = check::logits(family, engine.as_ref(), &rows)?;
    let kernels = match place {
        Place::BurnOnCpu => None, // it is the plain path
        Place::OwnKernels => Some(Kernels::Burn),
        Place::Gpu => Some(Kernels::Own),
    };
    // No more threads than there are reads to check with.
    let few = options.threads.min(NonZero::new(rows.len()).unwrap_or(NonZero::<usize>::MIN));
    let of_plain = |kernels| check::logits(family, plain(options, family, kernels, few)?.as_ref(), &rows);
    let expected = kernels.map(of_plain).transpose()?;
    if !expected.as_ref().unwrap_or(&logits).iter().all(|logit| logit.is_finite()) {
        return Err(refused(options, LoadError::Overflow));
    }
    let (Some(kernels), Some(expected)) = (kernels, expected) else { return Ok((engine, None)) };
    let difference = check::compare(&logits, &expected, options.precision);
    if difference.is_rounding() {
        return Ok((engine, None));
    }
    let check::Difference { largest, bound } = difference;
    let drift = DeviceError::Drift { device: engine.device(), largest, bound };
    match options.device {
        Choice::Auto | Choice::Cpu => {
            let plain = plain(options, family, kernels, options.threads)?;
            Ok((plain, Some(format!("{drift}; running on a plain path instead"))))
        }
        Choice::Gpu | Choice::Gpus(_) | Choice::Cudas(_) => Err(drift.into()),
    }
}

/// The model on the CPU in f32, from its files anew.
fn plain(options: &Options, family: &dyn Family, kernels: Kernels, threads: NonZero<usize>) -> Result<Box<dyn Engine>> {
    let mut again = Checkpoint::open(&options.source).map_err(|problem| refused(options, problem))?;
    let options = Options { precision: Precision::F32, threads, ..options.clone() };
    Ok(on_cpu(&options, kernels, family, &mut again.weights)?.0)
}

fn refused(options: &Options, problem: LoadError) -> Error {
    Error::Load { model: options.source.path(), problem }
}

/// The model on the CPU, on our own kernels where they can run it.
fn on_cpu(
    options: &Options,
    kernels: Kernels,
    family: &dyn Family,
    weights: &mut Weights,
) -> Result<(Box<dyn Engine>, Place)> {
    let &Options { attention, precision, threads, .. } = options;
    let refused = |problem| refused(options, problem);
    check_precision(precision, family, if kernels == Kernels::Own { Place::OwnKernels } else { Place::BurnOnCpu })?;
    if kernels == Kernels::Own {
        let setup = CpuSetup { attention, precision, threads };
        if let Some(engine) = family.cpu_engine(setup, weights).map_err(refused)? {
            return Ok((engine, Place::OwnKernels));
        }
    }
    let cpu = device::cpu();
    let network = family.burn_network(attention, Form::EXACT, &mut Tensors::stored(weights, &cpu)).map_err(refused)?;
    Ok((Box::new(OnCpu::new(network, threads)?), Place::BurnOnCpu))
}

/// The model on each of these GPUs.
fn on_gpus(
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
            // Tensors are taken from a checkpoint once: each further GPU reads it anew, and memory never holds all copies.
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

/// How a network computes on a GPU.
fn form(precision: Precision, gpu: &device::Gpu) -> Result<Form, DeviceError> {
    if precision != Precision::F16 {
        return Ok(Form::EXACT);
    }
    if !gpu.device.supports_dtype(FloatDType::F16) {
        return Err(DeviceError::NoF16 { name: gpu.adapter.name.clone() });
    }
    Ok(Form { numbers: FloatDType::F16, fused: gpu.adapter.reaches_matrix_units() })
}

/// What runs a model, as far as precisions go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    OwnKernels,
    BurnOnCpu,
    Gpu,
}

/// f32 runs everywhere, f16 on a GPU; all else runs on our own kernels, where the network allows it.
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
