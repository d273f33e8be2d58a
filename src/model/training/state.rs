//! Saves the state of a training to a file, from which it can be resumed after a kill.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};

use burn::tensor::{Tensor, TensorData};
use safetensors::SafeTensors;

use super::trainer::{Trainer, named};
use crate::model::burn_engine::tensors::Flat;
use crate::model::error::{Error, Result};
use crate::model::load_error::LoadError;
use crate::model::weights::Weights;
use crate::model::written::{Named, beside, safetensors};

/// The metadata key for the progress of the training.
const PROGRESS: &str = "progress";

impl Trainer {
    /// The path of the state for a training that writes to `out`: `.NAME.training` beside it.
    ///
    /// # Errors
    /// [`Error::Write`] if `out` has no name.
    pub fn state_of(out: &Path) -> Result<PathBuf> {
        beside(out, "training").map_err(|source| Error::Write { path: out.to_owned(), source })
    }

    /// Writes everything needed to resume, with the progress so far; an older file is replaced.
    ///
    /// # Errors
    /// [`Error::Write`] if it cannot be written.
    pub fn save(&self, path: &Path, progress: String) -> Result<()> {
        let mut all = of("weights", &self.weights, self.shapes())?;
        if let Some(best) = &self.best {
            all.extend(of("best", best, self.family.tensors())?);
        }
        for (which, moment) in [("mean", 0), ("square", 1)] {
            let means = self.optimiser.means.iter().map(|(name, means)| (name.clone(), means[moment].clone()));
            let means: Flat = means.collect();
            if !means.is_empty() {
                all.extend(of(which, &means, self.shapes())?);
            }
        }
        let steps = self.optimiser.steps.to_string();
        let about = HashMap::from([(PROGRESS.to_owned(), progress), ("steps".to_owned(), steps)]);
        let bytes = safetensors(all, about);
        let written = || {
            let part = beside(path, "part")?;
            fs::write(&part, bytes)?;
            fs::rename(&part, path)
        };
        written().map_err(|source| Error::Write { path: path.to_owned(), source })
    }

    /// Removes a state, and leftovers of a run that was killed while writing one. If this fails, the next training
    /// refuses the state.
    pub fn forget(path: &Path) {
        for stray in [Ok(path.to_owned()), beside(path, "part")].into_iter().flatten() {
            let _ = fs::remove_file(stray);
        }
    }

    /// The progress of the training in a file, if the file exists.
    ///
    /// # Errors
    /// [`Error::Load`] if the file cannot be read or is not a state.
    pub fn progress(path: &Path) -> Result<Option<String>> {
        let refused = |problem| Error::Load { model: path.to_owned(), problem };
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(refused(LoadError::Io { file: name(path), source })),
        };
        Ok(Some(about(path, &bytes, PROGRESS)?))
    }

    /// Resumes the training in a file.
    ///
    /// # Errors
    /// [`Error::Load`] if the file cannot be read or belongs to another network.
    pub fn restore(&mut self, path: &Path) -> Result<()> {
        let refused = |problem| Error::Load { model: path.to_owned(), problem };
        let bytes = fs::read(path).map_err(|source| refused(LoadError::Io { file: name(path), source }))?;
        let steps = about(path, &bytes, "steps")?.parse().unwrap_or_default();
        let mut stored = Weights::safetensors(&name(path), Cursor::new(bytes)).map_err(refused)?;
        let (device, trained) = (self.device.clone(), self.shapes());
        let scoring: HashMap<String, Vec<usize>> = self.family.tensors().collect();
        let mut take = |which: &str, shapes: &HashMap<String, Vec<usize>>| -> Result<Flat, LoadError> {
            let one = |(name, shape): (&String, &Vec<usize>)| {
                let numbers = stored.take(&format!("{which}.{name}"), shape)?;
                let length = numbers.len();
                Ok((name.clone(), Tensor::from_data(TensorData::new(numbers, [length]), &device)))
            };
            shapes.iter().map(one).collect()
        };
        let weights = take("weights", &trained).map_err(refused)?;
        // The optimiser has no means before its first step, and there are no best weights before the first look.
        let [means, squares] = ["mean", "square"].map(|which| take(which, &trained).unwrap_or_default());
        let best = take("best", &scoring).ok();
        self.weights = weights;
        self.best = best;
        self.optimiser.steps = steps;
        let both = means.into_iter().zip(squares).map(|((name, mean), (_, square))| (name, [mean, square]));
        self.optimiser.means = both.collect();
        Ok(())
    }
}

/// Tensors with names that start with `which`.
fn of(which: &str, flat: &Flat, shapes: impl IntoIterator<Item = (String, Vec<usize>)>) -> Result<Vec<Named>> {
    let called = |(name, shape, numbers): Named| (format!("{which}.{name}"), shape, numbers);
    Ok(named(flat, shapes.into_iter())?.into_iter().map(called).collect())
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The metadata of a file under this key.
fn about(path: &Path, bytes: &[u8], key: &str) -> Result<String> {
    let refused = |problem: Box<dyn std::error::Error + Send + Sync>| Error::Load {
        model: path.to_owned(),
        problem: LoadError::Weights { file: name(path), source: problem },
    };
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|error| refused(Box::new(error)))?;
    let value = metadata.metadata().as_ref().and_then(|about| about.get(key)).cloned();
    value.ok_or_else(|| refused(format!("it does not say \"{key}\"").into()))
}
