//! Decides whether to trust an engine: its answers to some reads must agree with those of a plain path.

use std::num::NonZero;

use super::check;
use super::checkpoint::Checkpoint;
use super::cpu::InstructionSet;
use super::device::{Choice, DeviceError, GpuPath};
use super::difference::Difference;
use super::engine::Engine;
use super::engines::{Kernels, Place, on_cpu, on_own_kernels, refused};
use super::error::{Error, Result};
use super::expected::Expected;
use super::family::Family;
use super::faults;
use super::load_error::LoadError;
use super::options::{Check, Options};
use super::precision::Precision;
use super::proof::Plain;

/// An engine that has passed the check, or replaces one that failed.
pub(super) struct Trusted {
    pub(super) engine: Box<dyn Engine>,
    /// The precision of the engine.
    pub(super) precision: Precision,
    /// A note for the user.
    pub(super) note: Option<String>,
}

/// Returns the engine if it agrees with the plain path. Otherwise returns a slower one or the plain path with a note;
/// or fails, if the user named a GPU or the program can be started anew with a simpler path on it. Our own kernels need
/// `expected`.
pub(super) fn trusted(
    options: &Options,
    family: &dyn Family,
    (engine, place): (Box<dyn Engine>, Place),
    parameters: usize,
    expected: Option<Expected>,
) -> Result<Trusted> {
    match (place, expected) {
        (Place::Gpu, _) => on_gpu(options, family, engine, parameters),
        (Place::OwnKernels, Some(expected)) => on_cpu_kernels(options, family, engine, expected),
        _ => {
            let rows = check::rows(family.requirements(), parameters, false);
            let logits = check::logits(family, engine.as_ref(), &rows)?;
            check_overflow(options, family, engine.as_ref(), &rows, &[&logits])?;
            Ok(Trusted { engine, precision: options.precision, note: None }) // it is the plain path
        }
    }
}

/// Returns our own kernels if they give the expected answers.
fn on_cpu_kernels(
    options: &Options,
    family: &dyn Family,
    engine: Box<dyn Engine>,
    expected: Expected,
) -> Result<Trusted> {
    let rows = expected.rows.clone();
    let logits = check::logits(family, engine.as_ref(), &rows)?;
    let expected = expected.logits()?;
    check_overflow(options, family, engine.as_ref(), &rows, &[&logits, &expected])?;
    let Err(problem) = agree(&logits, &expected, engine.as_ref(), None, options.precision) else {
        return Ok(Trusted { engine, precision: options.precision, note: None });
    };
    let failed = engine.instruction_set();
    drop(engine); // before there is another copy of the weights
    if let Some(engine) = on_slower_instructions(options, family, failed, (&rows, &expected))? {
        let note = Some(format!("{problem}; running on {} instead", engine.device()));
        return Ok(Trusted { engine, precision: options.precision, note });
    }
    plain_instead(options, family, Kernels::Burn, &problem)
}

/// Returns the GPU if it agrees with our own kernels.
fn on_gpu(options: &Options, family: &dyn Family, mut engine: Box<dyn Engine>, parameters: usize) -> Result<Trusted> {
    let path = GpuPath::of_this_process();
    let rows = check::rows(family.requirements(), parameters, true);
    let logits = match check::logits(family, engine.as_ref(), &rows) {
        Err(Error::Device(problem)) => Err(problem),
        logits => Ok(logits?),
    };
    // No more threads than there are reads to check with.
    let few = options.threads.min(NonZero::new(rows.len()).unwrap_or(NonZero::<usize>::MIN));
    let beside = plain(options, family, Kernels::Own, few)?;
    let expected = check::logits(family, beside.as_ref(), &rows)?;
    // If only the GPU's answers are not finite, the GPU is at fault, not the model.
    check_overflow(options, family, beside.as_ref(), &rows, &[&expected])?;
    let Err(problem) =
        logits.and_then(|of_gpu| agree(&of_gpu, &expected, engine.as_ref(), Some(path), options.precision))
    else {
        let note = note(path, engine.as_ref());
        engine.prove_by(Box::new(Plain::new(beside, options.precision, parameters)));
        return Ok(Trusted { engine, precision: options.precision, note });
    };
    match after(path, &options.device, options.check) {
        After::Again(next) => Err(Error::Again { next, problem }),
        After::Fail => Err(problem.into()),
        After::Plain => {
            drop((engine, beside)); // before there is another copy of the weights
            plain_instead(options, family, Kernels::Own, &problem)
        }
    }
}

/// Returns the plain path, with the reason.
fn plain_instead(options: &Options, family: &dyn Family, kernels: Kernels, problem: &DeviceError) -> Result<Trusted> {
    Ok(Trusted {
        engine: plain(options, family, kernels, options.threads)?,
        precision: Precision::F32,
        note: Some(format!("{problem}; running on a plain path instead")),
    })
}

/// Refuses weights that overflow, in one of the answers to `rows` or for one of the k-mers.
fn check_overflow(
    options: &Options,
    family: &dyn Family,
    engine: &dyn Engine,
    rows: &[Vec<u16>],
    answers: &[&[f32]],
) -> Result<()> {
    let finite = answers.iter().all(|logits| check::are_finite(family, rows, logits));
    if !finite || overflows_at_a_kmer(family, engine)? {
        return Err(refused(options, LoadError::Overflow));
    }
    Ok(())
}

/// If our own kernels failed, returns the engine on the fastest instruction set slower than `failed` that gives the
/// `expected` answers to `rows`.
fn on_slower_instructions(
    options: &Options,
    family: &dyn Family,
    failed: Option<InstructionSet>,
    (rows, expected): (&[Vec<u16>], &[f32]),
) -> Result<Option<Box<dyn Engine>>> {
    let slower = failed.into_iter().flat_map(|set| set.slower_in(options.precision));
    for set in slower {
        let mut again = Checkpoint::open(&options.source).map_err(|problem| refused(options, problem))?;
        let engine = on_own_kernels(options, set, family, &mut again.weights)?;
        if engine.instruction_set() != Some(set) {
            return Ok(None);
        }
        let logits = check::logits(family, engine.as_ref(), rows)?;
        if agree(&logits, expected, engine.as_ref(), None, options.precision).is_ok() {
            return Ok(Some(engine));
        }
    }
    Ok(None)
}

/// Whether the weights overflow for one of the k-mers, if the family can check them all at little cost.
fn overflows_at_a_kmer(family: &dyn Family, engine: &dyn Engine) -> Result<bool> {
    let Some(row) = check::all_kmers(family.requirements()) else { return Ok(false) };
    let rows = [row];
    Ok(!check::are_finite(family, &rows, &check::logits(family, engine, &rows)?))
}

/// The note on why a GPU's first path was left, if it was.
fn note(path: GpuPath, engine: &dyn Engine) -> Option<String> {
    let reason = GpuPath::reason().map(|reason| format!(": {reason}")).unwrap_or_default();
    Some(format!("running on {} {}{reason}", engine.device(), path.does_without()?))
}

/// Fails if the logits of an engine differ from the plain ones by more than rounding explains.
fn agree(
    logits: &[f32],
    expected: &[f32],
    engine: &dyn Engine,
    path: Option<GpuPath>,
    precision: Precision,
) -> Result<(), DeviceError> {
    /// A difference larger than rounding explains in any precision.
    const FAR: f32 = 1000.0;
    let mut logits = logits.to_vec();
    let is_said_to_fail = match path {
        Some(path) => path.is_said_to_fail(),
        None => engine.instruction_set().map(InstructionSet::word).is_some_and(faults::is_said_to_fail),
    };
    if is_said_to_fail {
        for logit in &mut logits {
            *logit += FAR;
        }
    }
    let difference = Difference::of(&logits, expected, precision);
    if difference.is_rounding() {
        return Ok(());
    }
    let Difference { largest, bound } = difference;
    Err(DeviceError::Drift { device: engine.device_in_full(), path: path.unwrap_or_default(), largest, bound })
}

/// What happens after a GPU fails its check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    /// The caller starts the program anew on this path.
    Again(GpuPath),
    /// The plain path is used.
    Plain,
    /// The run fails, since the user named a GPU.
    Fail,
}

/// What happens after this path fails the check.
fn after(path: GpuPath, device: &Choice, check: Check) -> After {
    match (path.simpler(), device) {
        (Some(next), _) if check == Check::OrAgain => After::Again(next),
        (_, Choice::Auto | Choice::Cpu) => After::Plain,
        (_, Choice::Gpu | Choice::Gpus(_) | Choice::Cudas(_)) => After::Fail,
    }
}

/// Loads the model on the CPU in f32, reading its files again.
fn plain(options: &Options, family: &dyn Family, kernels: Kernels, threads: NonZero<usize>) -> Result<Box<dyn Engine>> {
    let mut again = Checkpoint::open(&options.source).map_err(|problem| refused(options, problem))?;
    let options = Options { precision: Precision::F32, threads, ..options.clone() };
    Ok(on_cpu(&options, kernels, family, &mut again.weights)?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gpu_gets_simpler_paths_before_it_is_given_up() {
        let gpu = Choice::Gpus(vec![0]);
        let fused = GpuPath::Fused;
        assert_eq!(after(fused, &gpu, Check::OrAgain), After::Again(GpuPath::Unfused));
        assert_eq!(after(fused, &Choice::Auto, Check::OrAgain), After::Again(GpuPath::Unfused));
        assert_eq!(after(GpuPath::Unfused, &Choice::Auto, Check::OrAgain), After::Again(GpuPath::Retuned));
        assert_eq!(after(GpuPath::Retuned, &Choice::Auto, Check::OrAgain), After::Plain);
        assert_eq!(after(GpuPath::Retuned, &Choice::Gpu, Check::OrAgain), After::Fail);
        assert_eq!(after(fused, &gpu, Check::Run), After::Fail);
        assert_eq!(after(fused, &Choice::Auto, Check::Run), After::Plain);
    }
}
