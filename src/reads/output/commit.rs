//! Puts the outputs of a run in their places: all of them, or none.
//!
//! Every file is first written beside its place. Then it is put there by a rename that never leaves the place empty: a
//! new file does not overwrite one that has appeared meanwhile, and if a file is to be replaced the two swap names. If
//! a rename fails, the earlier ones are undone. A lock on the folders keeps the files of two runs from being mixed.
//!
//! A process killed between two renames leaves some outputs new and some as they were; each is whole. On file systems
//! without such renames, hard links are used instead. Without hard links either, files are renamed one by one, and a
//! place may be empty for a moment.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rustix::fs::{CWD, FlockOperation, RenameFlags, flock, renameat_with};
use rustix::io::Errno;
use tempfile::TempPath;

use super::failure::failed;
use super::strays;
use crate::reads::error::Result;

/// An output that is not in its place yet. If it is dropped without [`commit`](Self::commit), nothing is left of it.
#[derive(Debug)]
#[must_use = "dropping it removes the output"]
pub struct Pending {
    /// The file; `None` for pipes and devices.
    file: Option<Waiting>,
}

/// A file that is written beside its place.
#[derive(Debug)]
struct Waiting {
    /// The open file: closing it would release the lock that tells it from a stray.
    held: File,
    temporary: TempPath,
    place: PathBuf,
}

/// What happens to an existing file in the place of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// The file stays, and the run fails.
    Kept,
    /// The file is replaced.
    Replaced,
}

impl Existing {
    /// `Replaced` if `is_replaced` is true, else `Kept`.
    #[must_use]
    pub fn replaced(is_replaced: bool) -> Self {
        if is_replaced { Self::Replaced } else { Self::Kept }
    }
}

/// How outputs are put in place.
#[derive(Clone, Copy, Debug)]
pub struct Placing {
    /// What happens to existing files.
    pub existing: Existing,
    /// Whether to wait until the files are on disk: otherwise, a power failure can leave an empty file.
    pub fsync: bool,
}

impl Pending {
    /// Creates a pending output from an open temporary file, and the place where it belongs.
    pub(super) fn file(held: File, temporary: TempPath, place: PathBuf) -> Self {
        Self { file: Some(Waiting { held, temporary, place }) }
    }

    /// Creates an output for a pipe or device, which is written to directly.
    pub(super) fn direct() -> Self {
        Self { file: None }
    }

    /// Puts the finished file in its place, replacing any other.
    pub fn commit(self) -> Result<()> {
        commit_all(vec![self], Placing { existing: Existing::Replaced, fsync: true })
    }
}

/// Puts all finished files in their places, or none of them.
///
/// # Errors
/// [`Error::Output`](crate::reads::Error::Output) for the first file that cannot be put in place, with what could not
/// be undone.
pub fn commit_all(pending: Vec<Pending>, Placing { existing, fsync }: Placing) -> Result<()> {
    let files: Vec<Waiting> = pending.into_iter().filter_map(|pending| pending.file).collect();
    for Waiting { held, place, .. } in files.iter().filter(|_| fsync) {
        // If a file's name reaches the disk before its bytes, the file is empty after a power failure.
        held.sync_all().map_err(|source| failed(place, source))?;
    }
    let folders = Folders::lock(&files);
    let mut done: Vec<Placed> = Vec::with_capacity(files.len());
    for Waiting { temporary, place, .. } in files {
        match put(&temporary, &place, existing) {
            Ok(swapped) => done.push(Placed { temporary, place, swapped }),
            Err(source) => return Err(failed(&place, undo(done, source))),
        }
    }
    if fsync {
        folders.sync();
    }
    for Placed { temporary, swapped, .. } in done {
        if !swapped {
            // The temporary has been renamed, so nothing is to be removed. With `swapped`, dropping it removes the
            // replaced file.
            let _nothing = temporary.keep();
        }
    }
    Ok(())
}

/// A file that is in its place.
struct Placed {
    temporary: TempPath,
    place: PathBuf,
    /// Whether the replaced file now has the temporary's name.
    swapped: bool,
}

/// Undoes all renames, the last one first. Returns the error that caused this, with what could not be undone.
fn undo(done: Vec<Placed>, cause: io::Error) -> io::Error {
    let mut left = Vec::new();
    for Placed { temporary, place, swapped } in done.into_iter().rev() {
        let undone = if swapped { swap(&temporary, &place) } else { std::fs::rename(&place, &temporary) };
        if undone.is_err() {
            left.push(place.display().to_string());
            // With `swapped`, this is the only copy of what was replaced.
            if let Ok(kept) = temporary.keep()
                && swapped
            {
                left.push(format!("(the file before it is {})", kept.display()));
            }
        }
    }
    if left.is_empty() {
        return cause;
    }
    io::Error::new(cause.kind(), format!("{cause}; already in place and not undone: {}", left.join(" ")))
}

/// Puts a file in its place; returns whether the replaced file now has the file's old name.
fn put(file: &Path, place: &Path, existing: Existing) -> io::Result<bool> {
    match renameat_with(CWD, file, CWD, place, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(false),
        Err(Errno::EXIST) => replace(file, place, existing),
        // The file system has no such rename.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => put_by_link(file, place, existing),
        Err(error) => Err(error.into()),
    }
}

/// Puts a file in its place by a hard link, which does not overwrite anything either.
fn put_by_link(file: &Path, place: &Path, existing: Existing) -> io::Result<bool> {
    match std::fs::hard_link(file, place) {
        Ok(()) => match std::fs::remove_file(file) {
            Ok(()) => Ok(false),
            // A second name left over would keep `undo` from freeing the place.
            Err(error) => Err(undone(&std::fs::remove_file(place), error, place, "in place")),
        },
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => replace(file, place, existing),
        // The file system has no hard links either.
        Err(_) => match std::fs::symlink_metadata(place) {
            Ok(_) => replace(file, place, existing),
            Err(_) => std::fs::rename(file, place).map(|()| false),
        },
    }
}

fn replace(file: &Path, place: &Path, existing: Existing) -> io::Result<bool> {
    if existing == Existing::Kept {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "the file has appeared during the run"));
    }
    if std::fs::symlink_metadata(place)?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    swap(file, place).map(|()| true)
}

/// Swaps the names of two files.
fn swap(file: &Path, place: &Path) -> io::Result<()> {
    match renameat_with(CWD, file, CWD, place, RenameFlags::EXCHANGE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => swap_in_three(file, place),
        other => Ok(other?),
    }
}

/// Swaps the names of two files on file systems that cannot do it in one step. The replaced file is set aside under a
/// name derived from the temporary's, which is unique: by a link, so that the place is never empty, or else by a
/// rename.
fn swap_in_three(file: &Path, place: &Path) -> io::Result<()> {
    let mut aside = file.as_os_str().to_owned();
    aside.push(strays::ASIDE);
    let aside = PathBuf::from(aside);
    let is_linked = std::fs::hard_link(place, &aside).is_ok();
    if !is_linked {
        std::fs::rename(place, &aside)?;
    }
    if let Err(error) = std::fs::rename(file, place) {
        let back = if is_linked { std::fs::remove_file(&aside) } else { std::fs::rename(&aside, place) };
        return Err(undone(&back, error, &aside, "the file before it"));
    }
    std::fs::rename(&aside, file).map_err(|error| {
        let back = std::fs::rename(place, file).and_then(|()| std::fs::rename(&aside, place));
        undone(&back, error, &aside, "the file before it")
    })
}

/// Returns `error`; if undoing it failed too, the error also says which file is where.
fn undone(back: &io::Result<()>, error: io::Error, path: &Path, what: &str) -> io::Error {
    match back {
        Ok(()) => error,
        Err(_) => io::Error::new(error.kind(), format!("{error}; not undone: {} is {what}", path.display())),
    }
}

/// The folders of all outputs, locked against the commit of another run while this value lives.
struct Folders(Vec<File>);

impl Folders {
    /// Locks the folders in a fixed order, so that no two runs wait for each other. On file systems without locks, none
    /// is taken. If somebody else holds a lock (`flock FOLDER readseeker ...`), waiting for it is limited.
    fn lock(files: &[Waiting]) -> Self {
        let mut folders = BTreeMap::new();
        for Waiting { place, .. } in files {
            let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            if let Ok(folder) = File::open(folder)
                && let Ok(metadata) = folder.metadata()
            {
                folders.insert((metadata.dev(), metadata.ino()), folder);
            }
        }
        let folders: Vec<File> = folders.into_values().collect();
        for folder in &folders {
            lock(folder);
        }
        Self(folders)
    }

    /// Flushes the new names to disk; not every file system does this for a folder.
    fn sync(&self) {
        for folder in &self.0 {
            let _unsynced = folder.sync_all();
        }
    }
}

/// Locks a folder, after waiting for a while if it is locked. Another run holds the lock only for a moment.
fn lock(folder: &File) {
    const TRIES: u32 = 100;
    const PAUSE: Duration = Duration::from_millis(50);
    for _ in 0..TRIES {
        match flock(folder, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => thread::sleep(PAUSE),
            Ok(()) | Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use tempfile::TempDir;

    use super::*;

    fn pending(folder: &TempDir, name: &str) -> Pending {
        let mut file = tempfile::Builder::new().suffix(".part").tempfile_in(folder).unwrap();
        write!(file, "new {name}").unwrap();
        let (file, path) = file.into_parts();
        Pending::file(file, path, folder.path().join(name))
    }

    const REPLACING: Placing = Placing { existing: Existing::Replaced, fsync: false };

    fn contents(folder: &TempDir) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
        let mut contents: Vec<String> = entries
            .map(|entry| {
                let text = std::fs::read_to_string(entry.path()).unwrap_or("a folder".into());
                format!("{}: {text}", entry.file_name().to_string_lossy())
            })
            .collect();
        contents.sort();
        contents
    }

    #[test]
    fn all_are_put_in_place_and_what_was_there_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a"), "old").unwrap();
        let all = ["a", "b"].map(|name| pending(&folder, name));
        commit_all(all.into(), REPLACING).unwrap();
        assert_eq!(contents(&folder), ["a: new a", "b: new b"]);
    }

    #[test]
    fn one_that_cannot_be_put_in_place_leaves_all_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a"), "old").unwrap();
        std::fs::create_dir(folder.path().join("c")).unwrap();
        let all = ["a", "b", "c", "d"].map(|name| pending(&folder, name));
        let error = commit_all(all.into(), REPLACING).unwrap_err();
        assert!(error.to_string().ends_with("/c"), "{error}");
        assert_eq!(contents(&folder), ["a: old", "c: a folder"]);
    }

    #[test]
    fn a_file_that_appeared_meanwhile_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let all = ["a", "b"].map(|name| pending(&folder, name));
        std::fs::write(folder.path().join("b"), "another's").unwrap();
        let error = commit_all(all.into(), Placing { existing: Existing::Kept, fsync: true }).unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains("appeared during the run"), "{cause}");
        assert_eq!(contents(&folder), ["b: another's"]);
    }

    #[test]
    fn a_swap_in_three_steps_touches_no_other_file() {
        let folder = tempfile::tempdir().unwrap();
        let [file, place] = [".a.part", "a"].map(|name| folder.path().join(name));
        for (path, text) in [(&file, "new"), (&place, "old"), (&folder.path().join("a.old"), "the user's")] {
            std::fs::write(path, text).unwrap();
        }
        swap_in_three(&file, &place).unwrap();
        assert_eq!(contents(&folder), [".a.part: old", "a.old: the user's", "a: new"]);
    }

    #[test]
    fn a_link_overwrites_nothing_and_leaves_one_name() {
        let folder = tempfile::tempdir().unwrap();
        let [file, place] = [".a.part", "a"].map(|name| folder.path().join(name));
        std::fs::write(&file, "new").unwrap();
        assert!(!put_by_link(&file, &place, Existing::Kept).unwrap());
        assert_eq!(contents(&folder), ["a: new"]);
        std::fs::write(&file, "newer").unwrap();
        assert_eq!(put_by_link(&file, &place, Existing::Kept).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(contents(&folder), [".a.part: newer", "a: new"]);
        assert!(put_by_link(&file, &place, Existing::Replaced).unwrap());
        assert_eq!(contents(&folder), [".a.part: new", "a: newer"]);
    }

    #[test]
    fn two_runs_at_once_leave_the_files_of_one() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let run = |who: &'static str| {
                let all = ["a", "b", "c"].map(|name| {
                    let mut file = tempfile::Builder::new().tempfile_in(&folder).unwrap();
                    file.write_all(who.as_bytes()).unwrap();
                    let (file, path) = file.into_parts();
                    Pending::file(file, path, folder.path().join(name))
                });
                move || commit_all(all.into(), REPLACING).unwrap()
            };
            let (one, other) = (run("one"), run("other"));
            std::thread::scope(|scope| {
                scope.spawn(one);
                scope.spawn(other);
            });
            let who: Vec<String> = contents(&folder).iter().map(|line| line[3..].to_owned()).collect();
            assert!(who == ["one"; 3] || who == ["other"; 3], "{who:?}");
        }
    }
}
