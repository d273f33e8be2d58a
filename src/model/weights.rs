//! The tensors of a checkpoint by name, whatever their format.
//!
//! A network takes each tensor by name and shape. Tensors that are missing, left over or of another shape are refused
//! by name. Nothing here knows what the tensors are for.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read, Seek as _};
use std::path::Path;

use burn::store::pytorch_reader;
use safetensors::Dtype;
use sha2::{Digest as _, Sha256};

use super::files::{WEIGHTS, regular};
use super::load_error::LoadError;
use super::tensor_file::{Bytes, header, read_at};

/// The tensors of a checkpoint by name. A tensor is read when it is taken.
pub(super) struct Weights {
    file: String,
    bytes: Box<dyn Bytes>,
    /// The buffer into which tensors are read, reused from one to the next: allocating fresh memory takes longer than
    /// reading.
    buffer: Vec<u8>,
    stored: BTreeMap<String, Stored>,
    parameters: usize,
}

/// A tensor as stored.
struct Stored {
    shape: Vec<usize>,
    single: bool,
    numbers: Numbers,
}

enum Numbers {
    #[cfg(feature = "train")]
    Given(Vec<f32>),
    /// A range of the file.
    Bytes {
        start: u64,
        length: usize,
    },
    Pickled(pytorch_reader::Tensor),
}

impl Weights {
    /// Finds the weights file of a directory and reads which tensors it holds.
    pub(super) fn open(directory: &Path) -> Result<Self, LoadError> {
        let Some(file) = WEIGHTS.into_iter().find(|file| directory.join(file).exists()) else {
            return Err(LoadError::NoWeights { looked_for: WEIGHTS.join(", ") });
        };
        let path = regular(directory, file)?;
        let bytes = File::open(&path).map_err(|source| LoadError::Io { file: file.to_owned(), source })?;
        if file.ends_with(".safetensors") {
            return Self::safetensors(file, bytes);
        }
        let reader = pytorch_reader::PytorchReader::new(&path)
            .map_err(|source| LoadError::Weights { file: file.to_owned(), source: Box::new(source) })?;
        let stored = reader.into_tensors().into_iter().map(|(name, tensor)| {
            let single = tensor.dtype() == pytorch_reader::DType::F32;
            (name, Stored { shape: tensor.shape().to_vec(), single, numbers: Numbers::Pickled(tensor) })
        });
        Ok(Self::new(file, bytes, stored))
    }

    /// Opens the tensors of a safetensors file; `file` is its name.
    pub(super) fn safetensors(file: &str, mut bytes: impl Bytes + 'static) -> Result<Self, LoadError> {
        let (tensors, first) = header(file, &mut bytes)?;
        let stored = tensors.tensors().into_iter().map(|(name, tensor)| {
            let (start, end) = tensor.data_offsets;
            let numbers = Numbers::Bytes { start: first + start as u64, length: end - start };
            (name, Stored { shape: tensor.shape.clone(), single: tensor.dtype == Dtype::F32, numbers })
        });
        Ok(Self::new(file, bytes, stored))
    }

    fn new(file: &str, bytes: impl Bytes + 'static, stored: impl Iterator<Item = (String, Stored)>) -> Self {
        let stored = stored.filter_map(|(name, stored)| Some((ours(name)?, stored))).collect();
        Self { file: file.to_owned(), bytes: Box::new(bytes), buffer: Vec::new(), stored, parameters: 0 }
    }

    /// The name of the file in the checkpoint directory.
    pub(super) fn file(&self) -> &str {
        &self.file
    }

    /// SHA-256 of the file, in hex.
    pub(super) fn sha256(&mut self) -> Result<String, LoadError> {
        let hash = self.bytes.rewind().and_then(|()| sha256_of(&mut self.bytes));
        hash.map_err(|source| LoadError::Io { file: self.file.clone(), source })
    }

    /// Compares the tensors with those a network takes, before anything is computed: each must be there with its shape
    /// and in f32, and there must be no others.
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

    /// Drops the tensors with names that start with `prefix`.
    #[cfg(feature = "train")]
    pub(super) fn leave_out(&mut self, prefix: &str) {
        self.stored.retain(|name, _| !name.starts_with(prefix));
    }

    /// Adds a tensor, unless there is one with this name; returns whether it did.
    #[cfg(feature = "train")]
    pub(super) fn complete(&mut self, name: &str, shape: &[usize], numbers: impl FnOnce() -> Vec<f32>) -> bool {
        let is_missing = !self.stored.contains_key(name);
        if is_missing {
            let stored = Stored { shape: shape.to_vec(), single: true, numbers: Numbers::Given(numbers()) };
            self.stored.insert(name.to_owned(), stored);
        }
        is_missing
    }

    /// The number of values stored.
    pub(super) fn numbers(&self) -> usize {
        self.stored.values().map(|stored| stored.shape.iter().product::<usize>()).sum()
    }

    /// Takes the values of a tensor, row-major; it must have this shape.
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
            Numbers::Bytes { start, length } => {
                self.buffer.resize(length.max(self.buffer.len()), 0);
                let bytes = &mut self.buffer[..length];
                read_at(&mut self.bytes, start, bytes)
                    .map_err(|source| LoadError::Io { file: self.file.clone(), source })?;
                floats(bytes, f32::from_le_bytes)
            }
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

    /// Returns how many values were taken; fails if a tensor was not taken.
    pub(super) fn finish(self) -> Result<usize, LoadError> {
        match self.stored.into_keys().next() {
            None => Ok(self.parameters),
            Some(name) => Err(LoadError::ExtraTensor { name }),
        }
    }
}

/// The name under which a stored tensor is taken; `None` for buffers that some versions of the original's library store
/// with the weights.
fn ours(name: String) -> Option<String> {
    if name.ends_with("embeddings.position_ids") {
        return None;
    }
    // The first versions of the original's library kept TensorFlow's names.
    if let Some(layer) = name.strip_suffix("LayerNorm.gamma") {
        return Some(format!("{layer}LayerNorm.weight"));
    }
    if let Some(layer) = name.strip_suffix("LayerNorm.beta") {
        return Some(format!("{layer}LayerNorm.bias"));
    }
    Some(name)
}

/// `of` is known to the compiler, which copies all numbers at once.
fn floats(bytes: &[u8], of: impl Fn([u8; 4]) -> f32) -> Vec<f32> {
    let (numbers, _) = bytes.as_chunks();
    numbers.iter().map(|&number| of(number)).collect()
}

/// The SHA-256 of everything left to read, in hex.
pub(super) fn sha256_of(file: &mut impl Read) -> io::Result<String> {
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

#[cfg(test)]
mod tests {
    use std::io::{Seek as _, SeekFrom, Write as _};

    use super::*;

    #[test]
    fn a_tensor_is_read_when_it_is_taken_from_a_file_of_any_size() {
        const LARGE: usize = 90 << 20;
        let directory = tempfile::tempdir().unwrap();
        let mut file = File::create(directory.path().join(WEIGHTS[0])).unwrap();
        let tensor = |shape: &str, offsets: [usize; 2]| {
            format!(r#"{{"dtype":"F32","shape":{shape},"data_offsets":{offsets:?}}}"#)
        };
        let end = 4 * LARGE + 8;
        let (large, small) = (tensor(&format!("[{LARGE}]"), [0, 4 * LARGE]), tensor("[1,2]", [4 * LARGE, end]));
        let header = format!(r#"{{"large":{large},"small":{small}}}"#);
        file.write_all(&(header.len() as u64).to_le_bytes()).unwrap();
        file.write_all(header.as_bytes()).unwrap();
        file.seek(SeekFrom::Start((8 + header.len() + 4 * LARGE) as u64)).unwrap(); // takes no room on disk
        file.write_all(&[1.5_f32.to_le_bytes(), (-2.0_f32).to_le_bytes()].concat()).unwrap();
        let mut weights = Weights::open(directory.path()).unwrap();
        assert_eq!(weights.numbers(), LARGE + 2);
        assert_eq!(weights.take("small", &[1, 2]).unwrap(), [1.5, -2.0]);
        assert!(matches!(weights.take("small", &[1, 2]), Err(LoadError::MissingTensor { .. })));
        assert!(matches!(weights.finish(), Err(LoadError::ExtraTensor { name }) if name == "large"));
    }
}
