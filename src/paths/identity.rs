//! Tells which file a path leads to. Two paths are one file if device and inode agree, however they are spelled.

use std::fs::{FileType, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::standard::Stream;

/// What two paths have in common if they lead to the same file.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) enum Identity<'a> {
    /// The device and inode of an existing file.
    File(u64, u64),
    /// The path at which a file would be created.
    Place(&'a Path),
}

/// The file that a path leads to.
#[derive(Debug)]
pub(crate) struct Target {
    /// The path with symbolic links resolved, whether or not a file exists.
    place: PathBuf,
    /// The metadata of the file, if it exists.
    file: Option<Metadata>,
    /// Whether an output is written straight into the file, not beside it.
    direct: bool,
}

impl Target {
    /// The target that is read at a path; `-` is stdin.
    #[must_use]
    pub(crate) fn read(path: &Path) -> Self {
        Self::of(path, Stream::Stdin)
    }

    /// The target that is written at a path; `-` is stdout.
    #[must_use]
    pub(crate) fn written(path: &Path) -> Self {
        Self::of(path, Stream::Stdout)
    }

    fn of(path: &Path, dash: Stream) -> Self {
        let is_dash = path == Path::new("-");
        let file = if is_dash { dash.file().and_then(|file| file.metadata()) } else { path.metadata() };
        let place = if is_dash { path.to_owned() } else { followed(path).unwrap_or_else(|_| path.to_owned()) };
        Self { place, file: file.ok(), direct: is_dash || is_direct(path) }
    }

    /// The identity of the file, by which two targets are compared.
    #[must_use]
    pub(crate) fn identity(&self) -> Identity<'_> {
        self.file.as_ref().map_or(Identity::Place(&self.place), |file| Identity::File(file.dev(), file.ino()))
    }

    /// Whether what is written at `output` would come back as this input, or replace it. Terminals and sockets have two ends.
    #[must_use]
    pub(crate) fn is_fed_by(&self, output: &Self) -> bool {
        let two_ended = |kind: FileType| kind.is_char_device() || kind.is_socket();
        self.identity() == output.identity() && !self.file.as_ref().is_some_and(|file| two_ended(file.file_type()))
    }

    /// Whether two outputs would be written to the same file. Any number of outputs may go to `/dev/null`.
    #[must_use]
    pub(crate) fn clashes_with(&self, other: &Self) -> bool {
        if self.direct || other.direct {
            self.identity() == other.identity() && !self.is_null()
        } else {
            self.place == other.place
        }
    }

    fn is_null(&self) -> bool {
        let null = Path::new("/dev/null").metadata();
        let device = |file: &Metadata| file.file_type().is_char_device().then(|| file.rdev());
        null.is_ok_and(|null| self.file.as_ref().is_some_and(|file| device(file) == device(&null)))
    }
}

/// Whether an output is written to directly: pipes and devices, and `/dev/stdout` or `/dev/fd/3` even where they lead to
/// a file, which is the shell's to replace.
#[must_use]
pub(crate) fn is_direct(path: &Path) -> bool {
    let is_descriptor = path.starts_with("/dev/fd")
        || path.starts_with("/proc") && path.parent().is_some_and(|folder| folder.ends_with("fd"))
        || ["/dev/stdin", "/dev/stdout", "/dev/stderr"].iter().any(|stream| path == Path::new(stream));
    is_descriptor || path.metadata().is_ok_and(|metadata| !metadata.is_file())
}

/// Follows symbolic links to where the path leads: an output replaces or creates the links' target, not the link.
///
/// # Errors
/// If the links form a cycle.
pub(crate) fn followed(path: &Path) -> io::Result<PathBuf> {
    // The limit of Linux.
    const MOST_LINKS: usize = 40;
    let mut place = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(target) = std::fs::read_link(&place) else { return Ok(in_its_folder(&place)) };
        // An absolute target replaces the whole path.
        place = place.parent().unwrap_or(Path::new("")).join(target);
    }
    Err(io::Error::other("too many symbolic links"))
}

/// Resolves the folder of a path, whether or not the file exists.
fn in_its_folder(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let resolved = path.canonicalize().or_else(|_| {
        let name = path.file_name().ok_or(io::ErrorKind::NotFound)?;
        folder.canonicalize().map(|folder| folder.join(name))
    });
    resolved.unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clash(one: &Path, other: &Path) -> bool {
        Target::written(one).clashes_with(&Target::written(other))
    }

    #[test]
    fn two_spellings_of_one_path_are_one_file() {
        assert!(clash(Path::new("Cargo.toml"), Path::new("./src/../Cargo.toml")));
        assert!(clash(Path::new("not-there.fq"), Path::new("./not-there.fq")));
        assert!(!clash(Path::new("not-there.fq"), Path::new("src/not-there.fq")));
        assert!(!clash(Path::new("/dev/null"), Path::new("/dev/null")));
    }

    #[test]
    fn links_are_followed_even_to_what_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::os::unix::fs::symlink("target", at("one")).unwrap();
        std::os::unix::fs::symlink(at("target"), at("other")).unwrap();
        assert!(clash(&at("one"), &at("other")));
        assert!(clash(&at("one"), &at("target")));
    }

    #[test]
    fn names_of_one_file_are_one_input_and_each_an_output() {
        let folder = tempfile::tempdir().unwrap();
        let [one, other] = ["one", "other"].map(|name| folder.path().join(name));
        std::fs::write(&one, "").unwrap();
        std::fs::hard_link(&one, &other).unwrap();
        assert!(Target::read(&one).is_fed_by(&Target::written(&other)));
        // Two links are no clash, because each is replaced by its own new file.
        assert!(!clash(&one, &other));
    }
}
