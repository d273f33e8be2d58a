//! Detects standard streams that were closed when the program started.
//!
//! Rust opens `/dev/null` in their place before `main`. Reads would then be missing, and outputs lost, without a word.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};

/// A bit for each of the descriptors 0 to 2 that was closed at the start.
static CLOSED: AtomicU8 = AtomicU8::new(0);

/// Records which streams are closed. Runs before `main`, and so before `/dev/null` is opened in their place.
#[ctor::ctor]
fn look() {
    let is_open = [
        rustix::io::fcntl_getfd(io::stdin()).is_ok(),
        rustix::io::fcntl_getfd(io::stdout()).is_ok(),
        rustix::io::fcntl_getfd(io::stderr()).is_ok(),
    ];
    let closed = is_open.into_iter().enumerate().filter(|(_, is_open)| !is_open).map(|(number, _)| 1 << number);
    CLOSED.store(closed.sum(), Ordering::Relaxed);
}

/// Whether no standard stream was closed at the start.
pub(crate) fn all_streams_are_open() -> bool {
    CLOSED.load(Ordering::Relaxed) == 0
}

/// A standard stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    /// Descriptor 0.
    Stdin,
    /// Descriptor 1.
    Stdout,
    /// Descriptor 2.
    Stderr,
}

impl Stream {
    const ALL: [Self; 3] = [Self::Stdin, Self::Stdout, Self::Stderr];

    /// The standard stream that a path names; `-` stands for `dash`.
    fn at(path: &Path, dash: Self) -> Option<Self> {
        if path == Path::new("-") {
            return Some(dash);
        }
        Self::ALL.into_iter().find(|stream| {
            let number = *stream as u8;
            let spellings = [format!("/dev/fd/{number}"), format!("/proc/self/fd/{number}")];
            path == Path::new(stream.device()) || spellings.iter().any(|spelling| path == Path::new(spelling))
        })
    }

    fn device(self) -> &'static str {
        match self {
            Self::Stdin => "/dev/stdin",
            Self::Stdout => "/dev/stdout",
            Self::Stderr => "/dev/stderr",
        }
    }

    /// Opens the stream as an unbuffered file, on a duplicate of its descriptor.
    ///
    /// # Errors
    /// If it was closed when the program started.
    pub(crate) fn file(self) -> io::Result<File> {
        if CLOSED.load(Ordering::Relaxed) & (1 << self as u8) != 0 {
            let name = self.device().trim_start_matches("/dev/");
            return Err(io::Error::other(format!("{name} is closed")));
        }
        let descriptor = match self {
            Self::Stdin => io::stdin().as_fd().try_clone_to_owned(),
            Self::Stdout => io::stdout().as_fd().try_clone_to_owned(),
            Self::Stderr => io::stderr().as_fd().try_clone_to_owned(),
        };
        Ok(descriptor?.into())
    }
}

/// Refuses a path to a standard stream that was closed when the program started; `-` stands for `dash`.
pub(crate) fn ensure_open(path: &Path, dash: Stream) -> io::Result<()> {
    Stream::at(path, dash).map_or(Ok(()), |stream| stream.file().map(drop))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_has_several_names() {
        for (path, stream) in [
            ("-", Some(Stream::Stdout)),
            ("/dev/stdin", Some(Stream::Stdin)),
            ("/dev/fd/1", Some(Stream::Stdout)),
            ("/proc/self/fd/2", Some(Stream::Stderr)),
            ("/dev/fd/3", None),
            ("stdin", None),
        ] {
            assert_eq!(Stream::at(path.as_ref(), Stream::Stdout), stream, "{path}");
        }
    }
}
