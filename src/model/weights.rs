//! A checkpoint's tensors by name, whatever format they are stored in.
//!
//! A network takes each tensor it needs by name and shape. A tensor that is missing, left over or of another shape is refused
//! by name. Nothing here knows what the tensors are for.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

use burn::store::pytorch_reader;
use safetensors::SafeTensors;
use sha2::{Digest as _, Sha256};

use super::files::{WEIGHTS, read_weights, regular};
use super::load_error::LoadError;

/// A checkpoint's tensors by name. A tensor is read when it is taken.
pub(super) struct Weights {
    file: String,
    /// The pickle, if it is one.
    pickle: Option<PathBuf>,
    /// The whole file if it is safetensors.
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
    #[cfg(feature = "train")]
    Given(Vec<f32>),
    Bytes(Range<usize>),
    Pickled(pytorch_reader::Tensor),
}

impl Weights {
    /// Finds the directory's weights file and reads which tensors it holds.
    pub(super) fn open(directory: &Path) -> Result<Self, LoadError> {
        let Some(file) = WEIGHTS.into_iter().find(|file| directory.join(file).exists()) else {
            return Err(LoadError::NoWeights { looked_for: WEIGHTS.join(", ") });
        };
        if file.ends_with(".safetensors") {
            return Self::safetensors(file, read_weights(directory, file)?);
        }
        let path = regular(directory, file)?;
        let reader = pytorch_reader::PytorchReader::new(&path)
            .map_err(|source| LoadError::Weights { file: file.to_owned(), source: Box::new(source) })?;
        let stored = reader.into_tensors().into_iter().map(|(name, tensor)| {
            let single = tensor.dtype() == pytorch_reader::DType::F32;
            (name, Stored { shape: tensor.shape().to_vec(), single, numbers: Numbers::Pickled(tensor) })
        });
        Ok(Self::new(file, Some(path), Vec::new(), stored))
    }

    /// The tensors in the bytes of a safetensors file.
    pub(super) fn safetensors(file: &str, bytes: Vec<u8>) -> Result<Self, LoadError> {
        let tensors = SafeTensors::deserialize(&bytes)
            .map_err(|source| LoadError::Weights { file: file.to_owned(), source: Box::new(source) })?;
        let stored = tensors.iter().map(|(name, view)| {
            let start = view.data().as_ptr().addr() - bytes.as_ptr().addr();
            let numbers = Numbers::Bytes(start..start + view.data().len());
            let single = view.dtype() == safetensors::Dtype::F32;
            (name.to_owned(), Stored { shape: view.shape().to_vec(), single, numbers })
        });
        let stored: Vec<_> = stored.collect();
        Ok(Self::new(file, None, bytes, stored))
    }

    fn new(
        file: &str,
        pickle: Option<PathBuf>,
        bytes: Vec<u8>,
        stored: impl IntoIterator<Item = (String, Stored)>,
    ) -> Self {
        let stored = stored.into_iter().filter_map(|(name, stored)| Some((ours(name)?, stored))).collect();
        Self { file: file.to_owned(), pickle, bytes, stored, parameters: 0 }
    }

    /// The name of the file in the checkpoint directory.
    pub(super) fn file(&self) -> &str {
        &self.file
    }

    /// SHA-256 of the file, in hex.
    pub(super) fn sha256(&self) -> Result<String, LoadError> {
        match &self.pickle {
            None => Ok(hex(&Sha256::digest(&self.bytes))),
            Some(path) => sha256_of(path).map_err(|source| LoadError::Io { file: self.file.clone(), source }),
        }
    }

    /// Compares the tensors with those a network takes, before anything is computed: each must be there in its shape and in
    /// f32, and no other.
    pub(super) fn check(&self, expected: impl Iterator<Item = (String, Vec<usize>)>) -> Result<(), LoadError> {
        let mut names = BTreeSet::new();
        for (name, shape) in expected {
            let Some(stored) = self.stored.get(&name) else {
                return Err(LoadError::MissingTensor { name });
            };
            if stored.shape != shape {
                return Err(LoadError::TensorShape { name, found: stored.shape.clone(), expected: shape });
            }
            if !stored.single {
                return Err(LoadError::TensorType { name });
            }
            names.insert(name);
        }
        match self.stored.keys().find(|name| !names.contains(*name)) {
            None => Ok(()),
            Some(name) => Err(LoadError::ExtraTensor { name: name.clone() }),
        }
    }

    /// Leaves out the tensors whose names start so.
    #[cfg(feature = "train")]
    pub(super) fn leave_out(&mut self, prefix: &str) {
        self.stored.retain(|name, _| !name.starts_with(prefix));
    }

    /// Adds a tensor, unless there is one of this name; says whether it did.
    #[cfg(feature = "train")]
    pub(super) fn complete(&mut self, name: &str, shape: &[usize], numbers: impl FnOnce() -> Vec<f32>) -> bool {
        let is_missing = !self.stored.contains_key(name);
        if is_missing {
            let stored = Stored { shape: shape.to_vec(), single: true, numbers: Numbers::Given(numbers()) };
            self.stored.insert(name.to_owned(), stored);
        }
        is_missing
    }

    /// How many numbers are stored.
    pub(super) fn numbers(&self) -> usize {
        self.stored.values().map(|stored| stored.shape.iter().product::<usize>()).sum()
    }

    /// The numbers of one tensor, row-major; it must have this shape.
    pub(super) fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, LoadError> {
        let name = || name.to_owned();
        let Some(stored) = self.stored.remove(&name()) else {
            return Err(LoadError::MissingTensor { name: name() });
        };
        if stored.shape != shape {
            return Err(LoadError::TensorShape { name: name(), found: stored.shape, expected: shape.to_vec() });
        }
        if !stored.single {
            return Err(LoadError::TensorType { name: name() });
        }
        let numbers: Vec<f32> = match stored.numbers {
            #[cfg(feature = "train")]
            Numbers::Given(numbers) => numbers,
            Numbers::Bytes(range) => floats(&self.bytes[range], f32::from_le_bytes),
            Numbers::Pickled(tensor) => {
                let bytes = tensor
                    .read()
                    .map_err(|source| LoadError::Weights { file: self.file.clone(), source: Box::new(source) })?;
                floats(&bytes, f32::from_ne_bytes)
            }
        };
        if !numbers.iter().all(|number| number.is_finite()) {
            return Err(LoadError::NotFinite { name: name() });
        }
        self.parameters += numbers.len();
        Ok(numbers)
    }

    /// How many numbers were taken; a tensor that was not taken is refused.
    pub(super) fn finish(self) -> Result<usize, LoadError> {
        match self.stored.into_keys().next() {
            None => Ok(self.parameters),
            Some(name) => Err(LoadError::ExtraTensor { name }),
        }
    }
}

/// The name a stored tensor is taken by; none for the buffers that some versions of the original's library store with the
/// weights.
fn ours(name: String) -> Option<String> {
    if name.ends_with("embeddings.position_ids") {
        return None;
    }
    // TensorFlow's names, kept by the first versions of the original's library.
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

pub(super) fn sha256_of(path: &Path) -> io::Result<String> {
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
