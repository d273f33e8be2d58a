//! Why an output could not be written.

use std::io;
use std::path::Path;

use crate::reads::error::Error;

/// Why an output could not be written; that the reader of stdout went away is no failure.
pub(crate) fn failed(path: &Path, source: io::Error) -> Error {
    let is_stdout = path == Path::new("-") || path == Path::new("/dev/stdout");
    if is_stdout && source.kind() == io::ErrorKind::BrokenPipe {
        return Error::OutputClosed;
    }
    Error::Output { output: path.to_owned(), source }
}
