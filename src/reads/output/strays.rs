//! Strays: temporaries that a killed run left beside an output. The next run with the same output removes them. If
//! existing outputs may not be replaced, it reports them.
//!
//! A run holds a lock on each of its temporaries as long as it lives. The lock goes away with the process, however it
//! ends.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

/// The most bytes of an output's name in the name of its temporary: names may have 255 bytes, and the temporary's is
/// longer.
const LONGEST: usize = 200;
/// The mark that follows in a temporary's name, so that no user's file has such a name by chance.
const OURS: &[u8] = b".readseeker-";
/// The suffix of temporaries.
pub(super) const SUFFIX: &str = ".part";
/// The suffix added to a temporary's name for a file set aside while it is replaced in several steps.
pub(super) const ASIDE: &str = ".old";
/// The number of random letters before the suffix of temporaries.
pub(super) const RANDOM: usize = 6;

/// The start of the names of an output's temporaries: `.out.fq.readseeker-`.
pub(super) fn prefix(name: &OsStr) -> Vec<u8> {
    let name = name.as_bytes();
    [b".", &name[..name.len().min(LONGEST)], OURS].concat()
}

/// Locks a new temporary; returns whether it still exists.
pub(super) fn hold(file: &File) -> io::Result<bool> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        // Another run has just taken it for a stray.
        Err(Errno::WOULDBLOCK) => Ok(false),
        // On file systems without locks, nothing is ever removed.
        Ok(()) | Err(_) => Ok(file.metadata()?.nlink() > 0),
    }
}

/// Removes the strays whose names start with `prefix`; those that cannot be removed stay. A file that was set aside is
/// removed only if its own place `is_taken`, as it is the only copy otherwise.
pub(super) fn remove(folder: &Path, prefix: &[u8], is_taken: bool) {
    for (path, _held) in unheld(folder, prefix, is_taken) {
        let _stays = std::fs::remove_file(path);
    }
}

/// Finds a stray or a file set aside: a sign that a run was killed.
pub(super) fn find(folder: &Path, prefix: &[u8]) -> Option<PathBuf> {
    unheld(folder, prefix, true).next().map(|(path, _held)| path)
}

/// Finds the temporaries that no live run holds, and locks each. Finds none while another run puts its outputs in
/// place: the files that run replaces have such names and are not locked.
fn unheld(folder: &Path, prefix: &[u8], also_aside: bool) -> impl Iterator<Item = (PathBuf, File)> {
    let lock = File::open(folder).ok().filter(|folder| flock(folder, FlockOperation::NonBlockingLockExclusive).is_ok());
    let entries = lock.as_ref().and_then(|_| std::fs::read_dir(folder).ok());
    let entries = entries.into_iter().flatten().flatten();
    entries.filter(move |entry| is_temporary(&entry.file_name(), prefix, also_aside)).filter_map(move |entry| {
        let _locked = &lock; // as long as the iterator lives
        let path = entry.path();
        hold_stray(&path).ok().map(|held| (path, held))
    })
}

/// Locks the temporary; it is an error if a live run holds it.
fn hold_stray(path: &Path) -> io::Result<File> {
    if !path.symlink_metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    // NFS locks only files that are open for writing.
    let file = File::options().read(true).write(true).open(path).or_else(|_| File::open(path))?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    Ok(file)
}

/// Whether the name is the prefix, random letters and the suffix, with `also_aside` also one that was set aside.
fn is_temporary(name: &OsStr, prefix: &[u8], also_aside: bool) -> bool {
    let name = name.as_bytes();
    let name = name.strip_suffix(ASIDE.as_bytes()).filter(|_| also_aside).unwrap_or(name);
    let random = name.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(SUFFIX.as_bytes()));
    random.is_some_and(|random| random.len() == RANDOM && random.iter().all(u8::is_ascii_alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_temporaries_of_the_same_output_that_nobody_holds_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let names = [
            ".c.fq.readseeker-abc123.part",
            ".c.fq.readseeker-abcdef.part",
            ".c.fq.readseeker-x.part",
            ".n.fq.readseeker-abc123.part",
            "c.fq.readseeker-abc123.part",
            ".c.fq.backup.part",
        ];
        for name in names {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let held = File::open(folder.path().join(names[1])).unwrap();
        assert!(hold(&held).unwrap());
        remove(folder.path(), &prefix("c.fq".as_ref()), false);
        let left = names.map(|name| folder.path().join(name).exists());
        assert_eq!(left, [false, true, true, true, true, true]);
        assert_eq!(find(folder.path(), &prefix("c.fq".as_ref())), None);
        drop(held);
        assert_eq!(find(folder.path(), &prefix("c.fq".as_ref())), Some(folder.path().join(names[1])));
        remove(folder.path(), &prefix("c.fq".as_ref()), false);
        assert!(!folder.path().join(names[1]).exists());
    }

    #[test]
    fn what_was_set_aside_goes_only_where_its_place_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let aside = folder.path().join(".c.fq.readseeker-abc123.part.old");
        std::fs::write(&aside, "").unwrap();
        for is_taken in [false, true] {
            remove(folder.path(), &prefix("c.fq".as_ref()), is_taken);
            assert_eq!(aside.exists(), !is_taken);
        }
    }
}
