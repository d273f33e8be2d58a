//! Describes models for people.

use std::fmt::Write as _;

use super::bench::Speed;
use super::checkpoint::{self, Checkpoint};
use super::device::{self, Choice};
use super::error::{Error, Result};
use super::family::{Cost, Family};
use super::load_error::LoadError;
use super::precision::Precision;
use super::source::Source;

/// The precisions in which a model runs on a device.
///
/// # Errors
/// [`Error::Load`] if the checkpoint is missing or cannot run.
pub fn precisions(source: &Source, device: &Choice) -> Result<&'static [Precision]> {
    let family = checkpoint::family(source).map_err(|problem| Error::Load { model: source.path(), problem })?;
    Ok(match device {
        Choice::Cpu => family.cpu_precisions(),
        gpus if device::has_f16(gpus) => &[Precision::F32, Precision::F16],
        _ => &[Precision::F32],
    })
}

/// The family and the size of a checkpoint in short. The checkpoint is opened, but its weights are not read.
///
/// # Errors
/// [`LoadError`] if the checkpoint is missing or cannot run.
pub fn summary(source: &Source) -> Result<String, LoadError> {
    let Checkpoint { family, weights, .. } = Checkpoint::open(source)?;
    Ok(format!("{}, {} parameters", family.kind(), weights.numbers()))
}

/// The length in bases of the read for which costs are given.
const READ: usize = 300;

/// A short model card for people, with its measured speed on reads of 300 bases, if given.
///
/// # Errors
/// [`Error::Load`] if the checkpoint is missing or cannot run.
pub fn describe(source: &Source, speed: Option<&Speed>) -> Result<String> {
    let refused = |problem| Error::Load { model: source.path(), problem };
    let Checkpoint { name, family, mut weights, .. } = Checkpoint::open(source).map_err(refused)?;
    let sha256 = weights.sha256().map_err(refused)?;
    let mut text = String::new();
    let mut line = |key: &str, value: &str| {
        writeln!(text, "{key:<12}{value}").expect("a String takes all that is written");
    };
    line("name", &name);
    family.description().iter().for_each(|(key, value)| line(key, value));
    line("parameters", &weights.numbers().to_string());
    line("precision", &in_words(family.as_ref()));
    line("cost", &cost(family.cost(READ)));
    if let Some(Speed { card, reads_per_second, .. }) = speed {
        let at = format!("{} reads per second here", rounded(*reads_per_second));
        line("speed", &format!("{at}: {READ} bases, {}, {}", card.precision, card.device));
    }
    line("weights", weights.file());
    line("sha256", &sha256);
    if let Some(embedded) = source.embedded() {
        text = [text.trim_end(), &embedded.card()].join("\n\n") + "\n";
    }
    Ok(text)
}

/// Writes `53.9 GFLOP for a read of 300 bases, 12.5 MB of working memory per thread`.
#[expect(clippy::cast_precision_loss, reason = "rounded to three digits anyway")]
fn cost(Cost { flops, memory }: Cost) -> String {
    let (flops, unit) = match flops as f64 {
        giga if giga >= 1e9 => (giga / 1e9, "GFLOP"),
        mega => (mega / 1e6, "MFLOP"),
    };
    let megabytes = memory as f64 / 1e6;
    format!("{flops:.1} {unit} for a read of {READ} bases, {megabytes:.1} MB of working memory per thread")
}

/// Rounds to two significant digits: a short measurement is no more precise.
fn rounded(number: f64) -> String {
    let digits = number.max(1e-3).log10().floor() - 1.0;
    let unit = 10_f64.powf(digits);
    let rounded = (number / unit).round() * unit;
    if digits < 0.0 { format!("{rounded:.1}") } else { format!("{rounded:.0}") }
}

/// Writes `f32; bf16 and int8 on the CPU, f16 on GPUs that support it`.
fn in_words(family: &dyn Family) -> String {
    let names: Vec<&str> = family.cpu_precisions().iter().map(|precision| precision.name()).skip(1).collect();
    let on_cpu = if names.is_empty() { String::new() } else { format!("{} on the CPU, ", names.join(" and ")) };
    format!("f32; {on_cpu}f16 on GPUs that support it")
}
