//! Where an output is written meanwhile: beside its place, or directly to a pipe or device.

use std::ffi::OsStr;
use std::fs::{File, Permissions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempPath;

use super::commit::Pending;

/// Bytes of an output's name in its temporary's: a name may have 255 bytes, and the temporary's has some more than these.
const LONGEST_PREFIX: usize = 200;

/// Opens an output for writing.
pub(super) async fn open_file(path: &Path) -> io::Result<(File, Pending)> {
    // As a plain file, not `tokio::io::stdout`, which looks for line ends; and the very same one, not opened anew, which
    // would begin at the start of what `>>` appends to.
    match path.to_str() {
        Some("-" | "/dev/stdout") => return Ok((io::stdout().as_fd().try_clone_to_owned()?.into(), Pending::direct())),
        Some("/dev/stderr") => return Ok((io::stderr().as_fd().try_clone_to_owned()?.into(), Pending::direct())),
        _ => {}
    }
    if is_special(path) {
        let file = tokio::fs::File::options().append(true).open(path).await?;
        return Ok((file.into_std().await, Pending::direct()));
    }
    let place = followed(path)?;
    let (file, temporary) = create_beside(&place)?;
    if let Ok(replaced) = std::fs::metadata(&place) {
        file.set_permissions(replaced.permissions())?; // who may not read it must not read what replaces it
    }
    Ok((file, Pending::file(temporary, place)))
}

/// Where a path leads: through symbolic links, whose target is replaced or made, not the link.
fn followed(path: &Path) -> io::Result<PathBuf> {
    // As many as Linux follows.
    const MOST_LINKS: usize = 40;
    let mut place = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(target) = std::fs::read_link(&place) else { return Ok(std::fs::canonicalize(&place).unwrap_or(place)) };
        // A target that is absolute replaces the whole of it.
        place = place.parent().unwrap_or(Path::new("")).join(target);
    }
    Err(io::Error::other("too many symbolic links"))
}

/// A new file in the folder of `place`, with the permissions any new file gets.
fn create_beside(place: &Path) -> io::Result<(File, TempPath)> {
    let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.exists() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "its folder does not exist"));
    }
    let name = place.file_name().ok_or(io::ErrorKind::IsADirectory)?.as_bytes();
    let prefix = [b".", &name[..name.len().min(LONGEST_PREFIX)], b"."].concat();
    let file = tempfile::Builder::new()
        .prefix(OsStr::from_bytes(&prefix))
        .suffix(".part")
        .permissions(Permissions::from_mode(0o666)) // the process's umask takes from these
        .tempfile_in(folder)?;
    Ok(file.into_parts())
}

/// Whether an output is written to directly: pipes and devices, and `/dev/stdout` or `/dev/fd/3` even where they lead to
/// a file, which is the shell's to replace.
#[must_use]
pub fn is_special(path: &Path) -> bool {
    let is_descriptor = path.starts_with("/dev/fd")
        || path.starts_with("/proc")
        || ["/dev/stdin", "/dev/stdout", "/dev/stderr"].iter().any(|stream| path == Path::new(stream));
    is_descriptor || path.metadata().is_ok_and(|metadata| !metadata.is_file())
}
