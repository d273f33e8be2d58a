//! Where an output is written meanwhile: beside its place, or directly to a pipe or device.

use std::ffi::OsStr;
use std::fs::{File, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::TempPath;

use super::commit::Pending;
use super::strays;
use crate::paths::{Stream, ensure_open, followed, is_direct};

/// Bytes of an output's name in its temporary's: a name may have 255 bytes, and the temporary's has some more than these.
const LONGEST_PREFIX: usize = 200;

/// Opens an output for writing.
pub(super) async fn open_file(path: &Path) -> io::Result<(File, Pending)> {
    // As a plain file, not `tokio::io::stdout`, which looks for line ends; and the very same one, not opened anew, which
    // would begin at the start of what `>>` appends to.
    match path.to_str() {
        Some("-" | "/dev/stdout") => return Ok((Stream::Stdout.file()?, Pending::direct())),
        Some("/dev/stderr") => return Ok((Stream::Stderr.file()?, Pending::direct())),
        _ => ensure_open(path, Stream::Stdout)?,
    }
    if is_direct(path) {
        let file = tokio::fs::File::options().append(true).open(path).await?;
        return Ok((file.into_std().await, Pending::direct()));
    }
    let place = followed(path)?;
    let (file, temporary) = create_beside(&place)?;
    let held = file.try_clone()?;
    if let Ok(replaced) = std::fs::metadata(&place) {
        file.set_permissions(replaced.permissions())?; // who may not read it must not read what replaces it
    }
    Ok((file, Pending::file(held, temporary, place)))
}

/// A new file in the folder of `place`, with the permissions any new file gets.
fn create_beside(place: &Path) -> io::Result<(File, TempPath)> {
    let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.exists() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "its folder does not exist"));
    }
    let name = place.file_name().ok_or(io::ErrorKind::IsADirectory)?.as_bytes();
    let prefix = [b".", &name[..name.len().min(LONGEST_PREFIX)], b"."].concat();
    strays::remove(folder, &prefix);
    loop {
        let file = tempfile::Builder::new()
            .prefix(OsStr::from_bytes(&prefix))
            .rand_bytes(strays::RANDOM)
            .suffix(strays::SUFFIX)
            .permissions(Permissions::from_mode(0o666)) // the process's umask takes from these
            .tempfile_in(folder)?;
        if strays::hold(file.as_file())? {
            return Ok(file.into_parts());
        }
    }
}
