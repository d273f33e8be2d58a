//! Temporaries that a killed run left beside an output: the next run with the same output removes them.
//!
//! A run holds a lock on each of its temporaries as long as it lives. The lock goes with the process, however that ends.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

/// What names of temporaries end in.
pub(super) const SUFFIX: &str = ".part";
/// Random letters before that.
pub(super) const RANDOM: usize = 6;

/// Holds a new temporary; whether nobody has removed it before that.
pub(super) fn hold(file: &File) -> io::Result<bool> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        // Another run has just taken it for a stray.
        Err(Errno::WOULDBLOCK) => Ok(false),
        // Where a file system has no locks, nothing is ever removed.
        Ok(()) | Err(_) => Ok(file.metadata()?.nlink() > 0),
    }
}

/// Removes what no live run holds of the temporaries whose names start with `prefix`. Where that cannot be, they stay.
pub(super) fn remove(folder: &Path, prefix: &[u8]) {
    // While another run puts its outputs in place, what it replaces has such a name and is not held.
    let Ok(lock) = File::open(folder) else { return };
    if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
        return;
    }
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| is_temporary(&entry.file_name(), prefix)) {
        let _stays = remove_unheld(&entry.path());
    }
}

fn remove_unheld(path: &Path) -> io::Result<()> {
    if !path.symlink_metadata()?.is_file() {
        return Ok(());
    }
    // NFS locks only what may be written.
    let file = File::options().read(true).write(true).open(path).or_else(|_| File::open(path))?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    std::fs::remove_file(path)
}

/// Whether this is the prefix, random letters and the suffix.
fn is_temporary(name: &OsStr, prefix: &[u8]) -> bool {
    let random = name.as_bytes().strip_prefix(prefix).and_then(|rest| rest.strip_suffix(SUFFIX.as_bytes()));
    random.is_some_and(|random| random.len() == RANDOM && random.iter().all(u8::is_ascii_alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_temporaries_of_the_same_output_that_nobody_holds_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let names = [".c.fq.abc123.part", ".c.fq.abcdef.part", ".c.fq.x.part", ".n.fq.abc123.part", "c.fq.abc123.part"];
        for name in names {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let held = File::open(folder.path().join(names[1])).unwrap();
        assert!(hold(&held).unwrap());
        remove(folder.path(), b".c.fq.");
        let left = names.map(|name| folder.path().join(name).exists());
        assert_eq!(left, [false, true, true, true, true]);
        drop(held);
        remove(folder.path(), b".c.fq.");
        assert!(!folder.path().join(names[1]).exists());
    }
}
