//! The models: loaded once, then token ids in, predictions out. The only home of burn.
//!
//! It must not know what a record, a file of reads or a verdict is.

use std::path::PathBuf;

pub use self::classifier::Classifier;
pub use self::error::{Error, Result};
pub use self::problem::Problem;

mod batch_rows;
pub mod batches;
pub mod bench;
mod bert;
mod checkpoint;
mod classifier;
pub mod compact;
pub mod cpu;
pub mod device;
mod error;
mod form;
mod problem;
mod runner;
mod upload;

/// Which model to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The compact model embedded in the binary.
    Builtin,
    /// A checkpoint directory: `config.json` says which family.
    Directory(PathBuf),
    /// None at all: every read goes out unscored. What the rest of a run costs is measured with it.
    None,
}

impl Source {
    /// `builtin`, `none`, or a directory; one that is called `builtin` is `./builtin`.
    #[must_use]
    pub fn from_path(path: PathBuf) -> Self {
        match path.to_str() {
            Some("builtin") => Self::Builtin,
            Some("none") => Self::None,
            _ => Self::Directory(path),
        }
    }

    /// The files it is read from.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        match self {
            Self::Builtin | Self::None => Vec::new(),
            Self::Directory(directory) => checkpoint::FILES.map(|file| directory.join(file)).to_vec(),
        }
    }

    /// The inverse of [`from_path`](Self::from_path), for messages.
    fn path(&self) -> PathBuf {
        match self {
            Self::Builtin => "builtin".into(),
            Self::Directory(directory) => directory.clone(),
            Self::None => "none".into(),
        }
    }
}

/// A model's card in short, for people.
///
/// # Errors
/// [`Error::Load`] for a checkpoint that is missing or not one we run.
pub fn describe(source: &Source) -> Result<String> {
    checkpoint::describe(source).map_err(|problem| Error::Load { model: source.path(), problem })
}

/// The precisions a model runs in on a device.
///
/// # Errors
/// [`Error::Load`] for a checkpoint that is missing or not one we run.
pub fn precisions(source: &Source, device: &device::Choice) -> Result<&'static [Precision]> {
    checkpoint::precisions(source, device).map_err(|problem| Error::Load { model: source.path(), problem })
}

/// How a BERT treats its padding: see "The attention mask as published" in the README.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Attention {
    /// Always 298 tokens, +1 on tokens and 0 on padding, as the published evaluation ran.
    #[default]
    Published,
    /// Padding is never attended; a batch is as long as its longest read.
    Masked,
}

impl Attention {
    /// As the command line spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Masked => "masked",
        }
    }
}

/// In what numbers a model multiplies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// As the weights are stored.
    #[default]
    F32,
    /// The linear layers in bf16, which has eight bits for a number's digits. On the CPU.
    Bf16,
    /// In bytes, on the CPU. Of a BERT the linear layers, scaled by weight column and by input row; of a compact model the
    /// first convolution after the stem, its inputs scaled by channel, and what the stem adds up in sixteen bits.
    Int8,
    /// In f16, which has eleven bits for a number's digits, on a GPU that has it: of a BERT the linear layers, of a compact
    /// model the embeddings and convolutions.
    F16,
}

impl Precision {
    /// As the command line and reports spell it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::Int8 => "int8",
            Self::F16 => "f16",
        }
    }
}

/// What to load and where to run it.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which model.
    pub source: Source,
    /// The attention mode; a model that is no BERT ignores it.
    pub attention: Attention,
    /// What to multiply in: bf16 and int8 are for our own kernels on the CPU, f16 is for GPUs.
    pub precision: Precision,
    /// Which device.
    pub device: device::Choice,
    /// Rows a GPU's batch at most; found by trying when absent.
    pub batch_size: Option<usize>,
    /// CPU threads the run may use in all.
    pub threads: usize,
}

/// What a report says of the model that ran.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Card {
    /// Its name: `readseeker-compact-1`, or the checkpoint directory's.
    pub name: String,
    /// `compact` or `bert`; `none` where there is no model.
    pub kind: &'static str,
    /// SHA-256 of the weights file, in hex.
    pub sha256: String,
    /// `published` or `masked`; none for a model without attention.
    pub attention: Option<&'static str>,
    /// `f32`, `bf16`, `int8` or `f16`.
    pub precision: &'static str,
    /// How many numbers were trained.
    pub parameters: usize,
    /// The device that ran it, for people: `CPU (2 threads, AVX-512)`, `NVIDIA A40`.
    #[serde(skip)]
    pub device: String,
    /// What drives the device: `cpu` (our own kernels), `flex` (burn), `wgpu (Vulkan)`, `cuda`.
    #[serde(skip)]
    pub backend: String,
}
