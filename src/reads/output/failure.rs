//! Why an output could not be written.

use std::io;
use std::path::Path;

use crate::paths::Stream;
use crate::reads::error::Error;

/// Why an output could not be written; that the reader of stdout went away is no failure.
pub(crate) fn failed(path: &Path, source: io::Error) -> Error {
    if Stream::at(path, Stream::Stdout) == Some(Stream::Stdout) && source.kind() == io::ErrorKind::BrokenPipe {
        return Error::OutputClosed;
    }
    Error::Output { output: path.to_owned(), source }
}
