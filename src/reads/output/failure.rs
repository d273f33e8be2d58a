//! Turns I/O errors into errors about outputs.

use std::io;
use std::path::Path;

use crate::paths::Stream;
use crate::reads::error::Error;

/// The error of an output that cannot be written; it is no failure if the reader of stdout went away.
pub(crate) fn failed(path: &Path, source: io::Error) -> Error {
    if Stream::at(path, Stream::Stdout) == Some(Stream::Stdout) && source.kind() == io::ErrorKind::BrokenPipe {
        return Error::OutputClosed;
    }
    Error::Output { output: path.to_owned(), source }
}
