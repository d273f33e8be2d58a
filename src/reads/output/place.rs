//! Where an output is written meanwhile, and how it gets into its place: whole or not at all.

use std::fs::{File, Permissions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempPath;

use super::failure::failed;
use crate::reads::error::Result;

/// An output that is not in its place yet. Dropped without [`commit`](Self::commit) it leaves nothing behind.
#[derive(Debug)]
#[must_use = "dropping it removes the output"]
pub struct Pending {
    /// The temporary file and where it belongs; none for pipes and devices.
    file: Option<(TempPath, PathBuf)>,
}

impl Pending {
    /// Puts the finished file in its place, over whatever is there.
    pub fn commit(self) -> Result<()> {
        match self.file {
            None => Ok(()),
            Some((file, place)) => file.persist(&place).map_err(|error| failed(&place, error.error)),
        }
    }
}

pub(super) async fn open_file(path: &Path) -> io::Result<(File, Pending)> {
    let direct = Pending { file: None };
    // As a plain file, not `tokio::io::stdout`, which looks for line ends; and the very same one, not opened anew, which
    // would begin at the start of what `>>` appends to.
    match path.to_str() {
        Some("-" | "/dev/stdout") => return Ok((io::stdout().as_fd().try_clone_to_owned()?.into(), direct)),
        Some("/dev/stderr") => return Ok((io::stderr().as_fd().try_clone_to_owned()?.into(), direct)),
        _ => {}
    }
    if is_special(path) {
        let file = tokio::fs::File::options().append(true).open(path).await?;
        return Ok((file.into_std().await, direct));
    }
    // Through a symbolic link: what it points to is replaced, not the link.
    let place = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let (file, temporary) = create_beside(&place)?;
    if let Ok(replaced) = std::fs::metadata(&place) {
        file.set_permissions(replaced.permissions())?; // who may not read it must not read what replaces it
    }
    Ok((file, Pending { file: Some((temporary, place)) }))
}

/// A new file in the folder of `place`, with the permissions any new file gets.
fn create_beside(place: &Path) -> io::Result<(File, TempPath)> {
    let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.exists() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "its folder does not exist"));
    }
    let name = place.file_name().ok_or(io::ErrorKind::IsADirectory)?.to_string_lossy();
    let file = tempfile::Builder::new()
        .prefix(&format!(".{name}."))
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
