//! Detects standard streams and other descriptors that were closed when the program started.
//!
//! Before `main`, Rust opens `/dev/null` in place of a closed standard stream. The numbers of other closed descriptors go to
//! files that the program opens itself. Reads would then be missing or changed, and outputs lost, without a word.

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
    pub(crate) fn at(path: &Path, dash: Self) -> Option<Self> {
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

/// Refuses a path to a descriptor that was closed when the program started; `-` stands for `dash`.
pub(crate) fn ensure_open(path: &Path, dash: Stream) -> io::Result<()> {
    match (Stream::at(path, dash), descriptor(path)) {
        (Some(stream), _) => stream.file().map(drop),
        (None, Some(number)) if is_ours(number) => Err(io::Error::other(format!("descriptor {number} is closed"))),
        (None, _) => Ok(()),
    }
}

/// The number of the descriptor that a path names, if it names one.
fn descriptor(path: &Path) -> Option<u32> {
    let folders = ["/dev/fd", "/proc/self/fd", "/proc/thread-self/fd"];
    let number = folders.iter().find_map(|folder| path.strip_prefix(folder).ok())?;
    number.to_str()?.parse().ok()
}

/// Whether this program opened the descriptor itself. Rust's library opens all files with `O_CLOEXEC`. An inherited descriptor
/// cannot have that flag, since it would not have survived the start of this program.
fn is_ours(number: u32) -> bool {
    const CLOSED_ON_EXEC: u32 = 0o2_000_000;
    let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{number}")).unwrap_or_default();
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok());
    flags.is_some_and(|flags| flags & CLOSED_ON_EXEC != 0)
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

    #[test]
    #[cfg(target_os = "linux")]
    fn descriptors_of_our_own_are_not_the_users() {
        use std::os::fd::AsRawFd;
        let (ours, inherited) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
        rustix::io::fcntl_setfd(&inherited, rustix::io::FdFlags::empty()).unwrap();
        for folder in ["/dev/fd", "/proc/self/fd", "/proc/thread-self/fd"] {
            let is_open =
                |file: &File| ensure_open(format!("{folder}/{}", file.as_raw_fd()).as_ref(), Stream::Stdin).is_ok();
            assert!(!is_open(&ours) && is_open(&inherited), "{folder}");
        }
        assert!(ensure_open("/dev/fd/x".as_ref(), Stream::Stdin).is_ok());
    }
}
