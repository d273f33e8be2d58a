//! Downloads a checkpoint, completely and verified, or not at all.
//!
//! Incomplete downloads are kept in a hidden folder beside the place of the checkpoint, so that the same command
//! resumes the download, even after a kill.

mod download;
mod step;
mod wanted;

use std::fs::{self, File, TryLockError};
use std::path::Path;

use self::download::Client;
pub use self::step::Step;
pub use self::wanted::{Content, Wanted, WantedFile};
use super::checkpoint::Checkpoint;
use super::error::{Error, Result};
use super::fetch_error::FetchError;
use super::source::Source;
use super::written::part_of;

/// The file that is locked while a download is running.
const LOCK: &str = "lock";

/// Downloads a checkpoint to the new directory `to`.
///
/// # Errors
/// [`Error::Fetch`] if the download fails, [`Error::Load`] if it is not a model that can run, [`Error::Exists`] if `to`
/// exists, and [`Error::Write`] if it cannot be written.
pub fn fetch(wanted: &Wanted, to: &Path, told: &mut dyn FnMut(Step<'_>)) -> Result<()> {
    let unwritten = |source| Error::Write { path: to.to_owned(), source };
    let failed = |problem| Error::Fetch { model: wanted.name.clone(), problem };
    if fs::symlink_metadata(to).is_ok() {
        return Err(Error::Exists(to.to_owned()));
    }
    let part = part_of(to).map_err(unwritten)?;
    fs::create_dir_all(&part).map_err(unwritten)?;
    let lock = File::create(part.join(LOCK)).map_err(unwritten)?;
    match lock.try_lock() {
        Err(TryLockError::WouldBlock) => return Err(failed(FetchError::Busy)),
        // Some file systems have no locks.
        Ok(()) | Err(TryLockError::Error(_)) => {}
    }
    let client = Client::new(wanted.token.as_deref());
    for file in &wanted.files {
        receive(&client, wanted, file, &part, told).map_err(failed)?;
    }
    let mut files = fs::read_dir(&part).map_err(unwritten)?.flatten().map(|entry| entry.path());
    // Removes whatever is not a file of the checkpoint: the lock, and leftovers of an optional file.
    let is_ours = |path: &Path| wanted.files.iter().flat_map(|file| &file.names).any(|name| path.ends_with(name));
    files.try_for_each(|path| if is_ours(&path) { Ok(()) } else { fs::remove_file(path) }).map_err(unwritten)?;
    if let Err(problem) = Checkpoint::open(&Source::Directory(part.clone())) {
        // Another attempt would give the same files.
        let _ = fs::remove_dir_all(&part);
        return Err(Error::Load { model: wanted.name.clone().into(), problem });
    }
    fs::rename(&part, to).map_err(unwritten)
}

/// Downloads the file under the first of its names that exists.
fn receive(
    client: &Client,
    wanted: &Wanted,
    file: &WantedFile,
    part: &Path,
    told: &mut dyn FnMut(Step<'_>),
) -> Result<(), FetchError> {
    if file.names.iter().any(|name| part.join(name).is_file()) {
        return Ok(());
    }
    for name in &file.names {
        let url = format!("{}/{name}", wanted.base);
        if client.receive(&url, &part.join(name), file.content.as_ref(), told)? {
            return Ok(());
        }
    }
    if file.is_optional {
        Ok(())
    } else {
        Err(FetchError::NotFound { url: format!("{}/{}", wanted.base, file.names[0]) })
    }
}
