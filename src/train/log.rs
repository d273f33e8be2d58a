//! The table of a training's steps.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::conflict::Conflict;
use crate::error::Result;
use crate::reads::output::failed;

/// The open table; `None` if none was asked for.
#[derive(Debug)]
pub(super) struct Log(Option<(PathBuf, File)>);

impl Log {
    /// Creates the table; if the training `goes_on`, appends to it.
    pub(super) fn open(path: Option<&Path>, goes_on: bool) -> Result<Self> {
        let Some(path) = path else { return Ok(Self(None)) };
        let mut options = OpenOptions::new();
        options.append(true).create(goes_on).create_new(!goes_on);
        let opened = options.open(path).and_then(|mut file| {
            if file.metadata()?.len() == 0 {
                file.write_all(b"step\treads\trate\tloss\n")?;
            }
            Ok(file)
        });
        match opened {
            Ok(file) => Ok(Self(Some((path.to_owned(), file)))),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(Conflict::Exists(path.to_owned()).into()),
            Err(error) => Err(failed(path, error).into()),
        }
    }

    /// Appends a step.
    pub(super) fn push(&mut self, step: usize, reads: usize, rate: f64, loss: f64) -> Result<()> {
        let Some((path, file)) = &mut self.0 else { return Ok(()) };
        writeln!(file, "{step}\t{reads}\t{rate:.6e}\t{loss:.7}").map_err(|error| failed(path, error).into())
    }
}
