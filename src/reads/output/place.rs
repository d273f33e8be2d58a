//! Opens outputs: a file beside its place, or a pipe or device directly.

use std::ffi::OsStr;
use std::fs::{File, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::Access;
use tempfile::TempPath;

use super::commit::Pending;
use super::failure::failed;
use super::strays;
use crate::paths::{Stream, ensure_open, followed, is_direct};
use crate::reads::error::Result;

/// The problem of an output whose folder does not exist.
const NO_FOLDER: &str = "its folder does not exist";

/// Opens an output for writing.
pub(super) async fn open_file(path: &Path) -> io::Result<(File, Pending)> {
    // A plain file instead of `tokio::io::stdout`, which looks for line ends. It is a duplicate and not opened again,
    // which would start at the beginning of a file that `>>` appends to.
    if let Some(stream @ (Stream::Stdout | Stream::Stderr)) = Stream::at(path, Stream::Stdout) {
        return Ok((stream.file()?, Pending::direct()));
    }
    ensure_open(path, Stream::Stdout)?;
    if is_direct(path) {
        let file = tokio::fs::File::options().append(true).open(path).await?;
        return Ok((file.into_std().await, Pending::direct()));
    }
    let place = followed(path)?;
    let (file, temporary) = create_beside(&place)?;
    let held = file.try_clone()?;
    if let Ok(replaced) = std::fs::metadata(&place) {
        file.set_permissions(replaced.permissions())?; // whoever may not read it must not read its replacement
    }
    Ok((file, Pending::file(held, temporary, place)))
}

/// Checks that an output could be created, without creating it. `made` is a folder that will be created.
pub fn check_place(path: &Path, made: Option<&Path>) -> Result<()> {
    check(path, made).map_err(|source| failed(path, source))
}

fn check(path: &Path, made: Option<&Path>) -> io::Result<()> {
    if matches!(path.to_str(), Some("-" | "/dev/stdout" | "/dev/stderr")) {
        return Ok(());
    }
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if is_direct(path) {
        return Ok(());
    }
    let place = followed(path)?;
    let mut folder = folder_of(&place);
    while !folder.exists() && made.is_some_and(|made| made.starts_with(folder)) {
        folder = folder_of(folder);
    }
    if !folder.exists() {
        return Err(io::Error::new(io::ErrorKind::NotFound, NO_FOLDER));
    }
    Ok(rustix::fs::access(folder, Access::WRITE_OK | Access::EXEC_OK)?)
}

/// Finds a temporary that a killed run left of this output.
#[must_use]
pub fn stray_of(path: &Path) -> Option<PathBuf> {
    let place = followed(path).ok()?;
    strays::find(folder_of(&place), &strays::prefix(place.file_name()?))
}

/// The folder of a file.
fn folder_of(place: &Path) -> &Path {
    place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Creates a file in the folder of `place`, with the permissions of any new file.
fn create_beside(place: &Path) -> io::Result<(File, TempPath)> {
    let folder = folder_of(place);
    if !folder.exists() {
        return Err(io::Error::new(io::ErrorKind::NotFound, NO_FOLDER));
    }
    let prefix = strays::prefix(place.file_name().ok_or(io::ErrorKind::IsADirectory)?);
    strays::remove(folder, &prefix, place.exists());
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
