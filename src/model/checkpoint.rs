//! A checkpoint directory's files: its weights by name, whatever format they are stored in, and its vocabulary.
//!
//! A network takes each tensor it needs by name and shape; what is missing, left over or of another shape is refused by
//! name. It must not know what the tensors are for.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::ops::Range;
use std::path::Path;

use burn::store::pytorch_reader;
use safetensors::SafeTensors;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::device::{self, Choice};
use super::{Precision, Problem, Source, bert, compact};
use crate::kmer;

/// The weights files we look for, best first.
const WEIGHTS: [&str; 2] = ["model.safetensors", "pytorch_model.bin"];
/// All that a checkpoint directory may hold for us.
pub(super) const FILES: [&str; 4] = ["config.json", "vocab.txt", WEIGHTS[0], WEIGHTS[1]];

/// A checkpoint that one of our families can load.
pub(super) struct Checkpoint {
    /// What reports call it.
    pub(super) name: String,
    pub(super) weights: Weights,
    pub(super) settings: Settings,
}

/// A checkpoint's family and what its `config.json` says.
pub(super) enum Settings {
    Bert { k: usize, config: bert::Config },
    Compact(compact::config::Config),
}

impl Checkpoint {
    /// Finds out which family a checkpoint is of, and opens its weights.
    pub(super) fn open(source: &Source) -> Result<Self, Problem> {
        if *source == Source::Builtin {
            return Self::builtin();
        }
        let directory = &source.path();
        let settings = Settings::read(directory)?;
        let name = match &settings {
            Settings::Bert { .. } => {
                let directory = fs::canonicalize(directory).unwrap_or_else(|_| directory.clone());
                directory.file_name().unwrap_or(directory.as_os_str()).to_string_lossy().into_owned()
            }
            Settings::Compact(config) => config.name.clone(),
        };
        Ok(Self { name, weights: Weights::open(directory)?, settings })
    }

    /// One of those that the tests come with.
    #[cfg(test)]
    pub(super) fn of_tests(name: &str) -> Self {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name);
        Self::open(&Source::Directory(directory)).unwrap()
    }

    /// The compact model that is part of the program.
    fn builtin() -> Result<Self, Problem> {
        let config = Self::builtin_config()?;
        let weights = Weights::safetensors("model.safetensors", include_bytes!("builtin/model.safetensors").to_vec())?;
        Ok(Self { name: config.name.clone(), weights, settings: Settings::Compact(config) })
    }

    fn builtin_config() -> Result<compact::config::Config, Problem> {
        compact::config::Config::parse(include_bytes!("builtin/config.json"))
    }
}

impl Settings {
    /// Those of a checkpoint directory.
    fn read(directory: &Path) -> Result<Self, Problem> {
        let json = read(directory, "config.json")?;
        match model_type(&json)?.as_deref() {
            Some(bert::MODEL_TYPE) => {
                let k = vocabulary(directory)?;
                Ok(Self::Bert { k, config: bert::Config::parse(&json, kmer::vocab_size(k))? })
            }
            Some(compact::config::MODEL_TYPE) => Ok(Self::Compact(compact::config::Config::parse(&json)?)),
            _ => {
                let expected = format!("{:?} or {:?}", bert::MODEL_TYPE, compact::config::MODEL_TYPE);
                Err(Problem::Unsupported { key: "model_type".to_owned(), expected })
            }
        }
    }

    /// The precisions our own kernels run it in, on the CPU; burn runs everything in f32 alone.
    pub(super) fn precisions_on_cpu(&self) -> &'static [Precision] {
        match self {
            Self::Bert { config, .. } if config.shape().is_supported() => {
                &[Precision::F32, Precision::Bf16, Precision::Int8]
            }
            Self::Compact(config) if config.shape().is_some_and(|shape| shape.takes_bytes()) => {
                &[Precision::F32, Precision::Int8]
            }
            _ => &[Precision::F32],
        }
    }
}

fn model_type(json: &[u8]) -> Result<Option<String>, Problem> {
    #[derive(Deserialize)]
    struct Any {
        model_type: Option<String>,
    }
    serde_json::from_slice(json).map(|any: Any| any.model_type).map_err(Problem::Json)
}

/// Reads one of the directory's small files.
pub(super) fn read(directory: &Path, file: &str) -> Result<Vec<u8>, Problem> {
    fs::read(directory.join(file)).map_err(|source| Problem::Io { file: file.to_owned(), source })
}

/// The k of `vocab.txt`, which must be DNABERT's, word for word.
pub(super) fn vocabulary(directory: &Path) -> Result<usize, Problem> {
    let text = read(directory, "vocab.txt")?;
    let text = String::from_utf8_lossy(&text);
    let words: Vec<&str> = text.lines().map(str::trim_end).collect();
    let Some(k) = kmer::k_of_vocab_size(words.len()) else {
        return Err(Problem::VocabularySize { words: words.len() });
    };
    for (id, found) in (0..).zip(words) {
        let expected = kmer::word(id, k);
        if found != expected {
            return Err(Problem::Vocabulary { line: usize::from(id) + 1, found: found.to_owned(), expected });
        }
    }
    Ok(k)
}

/// A checkpoint's tensors by name, read when they are taken.
pub(super) struct Weights {
    file: String,
    sha256: String,
    /// The whole file where it is safetensors; empty where it is a pickle.
    bytes: Vec<u8>,
    stored: BTreeMap<String, Stored>,
    parameters: usize,
}

/// One tensor as stored.
struct Stored {
    shape: Vec<usize>,
    single: bool,
    numbers: Numbers,
}

enum Numbers {
    Bytes(Range<usize>),
    Pickled(pytorch_reader::Tensor),
}

impl Weights {
    /// Finds the directory's weights file and reads what tensors there are.
    pub(super) fn open(directory: &Path) -> Result<Self, Problem> {
        let Some(file) = WEIGHTS.into_iter().find(|file| directory.join(file).exists()) else {
            return Err(Problem::NoWeights { looked_for: WEIGHTS.join(", ") });
        };
        if file.ends_with(".safetensors") {
            return Self::safetensors(file, read(directory, file)?);
        }
        let path = directory.join(file);
        let sha256 = sha256_of(&path).map_err(|source| Problem::Io { file: file.to_owned(), source })?;
        let reader = pytorch_reader::PytorchReader::new(&path)
            .map_err(|source| Problem::Weights { file: file.to_owned(), source: Box::new(source) })?;
        let stored = reader.into_tensors().into_iter().map(|(name, tensor)| {
            let single = tensor.dtype() == pytorch_reader::DType::F32;
            (name, Stored { shape: tensor.shape().to_vec(), single, numbers: Numbers::Pickled(tensor) })
        });
        Ok(Self::new(file, sha256, Vec::new(), stored))
    }

    /// What tensors there are in a safetensors file's bytes.
    pub(super) fn safetensors(file: &str, bytes: Vec<u8>) -> Result<Self, Problem> {
        let sha256 = hex(&Sha256::digest(&bytes));
        let tensors = SafeTensors::deserialize(&bytes)
            .map_err(|source| Problem::Weights { file: file.to_owned(), source: Box::new(source) })?;
        let stored = tensors.iter().map(|(name, view)| {
            let start = view.data().as_ptr().addr() - bytes.as_ptr().addr();
            let numbers = Numbers::Bytes(start..start + view.data().len());
            let single = view.dtype() == safetensors::Dtype::F32;
            (name.to_owned(), Stored { shape: view.shape().to_vec(), single, numbers })
        });
        let stored: Vec<_> = stored.collect();
        Ok(Self::new(file, sha256, bytes, stored))
    }

    fn new(file: &str, sha256: String, bytes: Vec<u8>, stored: impl IntoIterator<Item = (String, Stored)>) -> Self {
        let stored = stored.into_iter().filter_map(|(name, stored)| Some((ours(name)?, stored))).collect();
        Self { file: file.to_owned(), sha256, bytes, stored, parameters: 0 }
    }

    /// SHA-256 of the file, in hex.
    pub(super) fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The numbers of one tensor, row by row; its shape must be this one.
    pub(super) fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, Problem> {
        let name = || name.to_owned();
        let Some(stored) = self.stored.remove(&name()) else {
            return Err(Problem::MissingTensor { name: name() });
        };
        if stored.shape != shape {
            return Err(Problem::TensorShape { name: name(), found: stored.shape, expected: shape.to_vec() });
        }
        if !stored.single {
            return Err(Problem::TensorType { name: name() });
        }
        let numbers: Vec<f32> = match stored.numbers {
            Numbers::Bytes(range) => floats(&self.bytes[range], f32::from_le_bytes),
            Numbers::Pickled(tensor) => {
                let bytes = tensor
                    .read()
                    .map_err(|source| Problem::Weights { file: self.file.clone(), source: Box::new(source) })?;
                floats(&bytes, f32::from_ne_bytes)
            }
        };
        if !numbers.iter().all(|number| number.is_finite()) {
            return Err(Problem::NotFinite { name: name() });
        }
        self.parameters += numbers.len();
        Ok(numbers)
    }

    /// How many numbers were taken; refuses a tensor nobody took.
    pub(super) fn finish(self) -> Result<usize, Problem> {
        match self.stored.into_keys().next() {
            None => Ok(self.parameters),
            Some(name) => Err(Problem::ExtraTensor { name }),
        }
    }
}

/// The name we know a stored tensor by; none for the buffers that some versions of the original's library store beside
/// the weights.
fn ours(name: String) -> Option<String> {
    if name.ends_with("embeddings.position_ids") {
        return None;
    }
    // TensorFlow's names, which the first versions of the original's library kept.
    if let Some(layer) = name.strip_suffix("LayerNorm.gamma") {
        return Some(format!("{layer}LayerNorm.weight"));
    }
    if let Some(layer) = name.strip_suffix("LayerNorm.beta") {
        return Some(format!("{layer}LayerNorm.bias"));
    }
    Some(name)
}

fn floats(bytes: &[u8], of: fn([u8; 4]) -> f32) -> Vec<f32> {
    let (numbers, _) = bytes.as_chunks();
    numbers.iter().map(|&number| of(number)).collect()
}

fn sha256_of(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(&hash.finalize())),
            read => hash.update(&buffer[..read]),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a String takes all that is written");
        hex
    })
}

/// The precisions a checkpoint runs in on a device.
pub(super) fn precisions(source: &Source, device: &Choice) -> Result<&'static [Precision], Problem> {
    let settings = match source {
        Source::Builtin => Settings::Compact(Checkpoint::builtin_config()?),
        directory => Settings::read(&directory.path())?,
    };
    Ok(match (device, &settings) {
        (Choice::Cpu, settings) => settings.precisions_on_cpu(),
        (gpus, _) if device::has_f16(gpus) => &[Precision::F32, Precision::F16],
        _ => &[Precision::F32],
    })
}

/// A checkpoint's card in short, for people.
pub(super) fn describe(source: &Source) -> Result<String, Problem> {
    let Checkpoint { name, weights, settings } = Checkpoint::open(source)?;
    let mut text = String::new();
    let mut line = |key: &str, value: &str| {
        writeln!(text, "{key:<12}{value}").expect("a String takes all that is written");
    };
    line("name", &name);
    let numbers: usize = weights.stored.values().map(|stored| stored.shape.iter().product::<usize>()).sum();
    match &settings {
        Settings::Bert { k, config } => {
            line("family", "bert: BERT for sequence classification, as DNABERT and ReadSeeker");
            line("network", &config.describe());
            line("reads", &format!("overlapping {k}-mers of a read's first {} bases", config.longest_row() + k - 1));
        }
        Settings::Compact(config) => {
            line("family", "compact: six reading frames through one small convolutional network");
            line("network", &config.describe());
            line(
                "reads",
                &format!(
                    "all bases, in windows of {} where there are more than {}",
                    config.window.length, config.window.longest_single
                ),
            );
        }
    }
    line("parameters", &numbers.to_string());
    line(
        "precision",
        match (&settings, settings.precisions_on_cpu()) {
            (Settings::Bert { .. }, [_, _, ..]) => "f32; bf16 and int8 on the CPU, f16 on GPUs that have it",
            (Settings::Compact(_), [_, _, ..]) => "f32; int8 on the CPU, f16 on GPUs that have it",
            (_, _) => "f32; f16 on GPUs that have it",
        },
    );
    if let Settings::Compact(config) = &settings {
        for (key, value) in [("trained on", &config.trained_on), ("created", &config.created)] {
            if let Some(value) = value {
                line(key, value);
            }
        }
    }
    line("weights", &weights.file);
    line("sha256", &weights.sha256);
    if *source == Source::Builtin {
        // The model card's start, up to its first section; the whole card comes with the sources.
        let card = include_str!("builtin/README.md");
        let start = card.split("\n## ").next().unwrap_or_default();
        let words = start.lines().filter(|line| !line.starts_with("# ")).collect::<Vec<_>>().join("\n");
        let words = words.replace(['*', '`'], ""); // a terminal shows no Markdown
        text = [text.trim_end(), words.trim()].join("\n\n") + "\n";
    }
    Ok(text)
}
