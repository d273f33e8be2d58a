//! What a model is, for people.

use std::fmt::Write as _;

use super::builtin;
use super::checkpoint::{self, Checkpoint};
use super::device::{self, Choice};
use super::error::{Error, Result};
use super::family::Family;
use super::precision::Precision;
use super::source::Source;

/// The precisions a model runs in on a device.
///
/// # Errors
/// [`Error::Load`] for a checkpoint that is missing or cannot be run.
pub fn precisions(source: &Source, device: &Choice) -> Result<&'static [Precision]> {
    let family = checkpoint::family(source).map_err(|problem| Error::Load { model: source.path(), problem })?;
    Ok(match device {
        Choice::Cpu => family.cpu_precisions(),
        gpus if device::has_f16(gpus) => &[Precision::F32, Precision::F16],
        _ => &[Precision::F32],
    })
}

/// A model's card in short, for people.
///
/// # Errors
/// [`Error::Load`] for a checkpoint that is missing or cannot be run.
pub fn describe(source: &Source) -> Result<String> {
    let opened = Checkpoint::open(source).map_err(|problem| Error::Load { model: source.path(), problem })?;
    let Checkpoint { name, family, weights } = opened;
    let sha256 = weights.sha256().map_err(|problem| Error::Load { model: source.path(), problem })?;
    let mut text = String::new();
    let mut line = |key: &str, value: &str| {
        writeln!(text, "{key:<12}{value}").expect("a String takes all that is written");
    };
    line("name", &name);
    family.description().iter().for_each(|(key, value)| line(key, value));
    line("parameters", &weights.numbers().to_string());
    line("precision", &in_words(family.as_ref()));
    line("weights", weights.file());
    line("sha256", &sha256);
    if *source == Source::Builtin {
        text = [text.trim_end(), &builtin::card()].join("\n\n") + "\n";
    }
    Ok(text)
}

/// `f32; bf16 and int8 on the CPU, f16 on GPUs that support it`.
fn in_words(family: &dyn Family) -> String {
    let names: Vec<&str> = family.cpu_precisions().iter().map(|precision| precision.name()).skip(1).collect();
    let on_cpu = if names.is_empty() { String::new() } else { format!("{} on the CPU, ", names.join(" and ")) };
    format!("f32; {on_cpu}f16 on GPUs that support it")
}
