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
/// What follows in the name of a file that is being replaced, on file systems where that takes several steps.
pub(super) const ASIDE: &str = ".old";
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

/// Removes what no live run holds of the temporaries whose names start with `prefix`. Where that cannot be, they stay; so does what
/// was set aside, unless the place it is from `is_taken`: else it is the only copy.
pub(super) fn remove(folder: &Path, prefix: &[u8], is_taken: bool) {
    // While another run puts its outputs in place, what it replaces has such a name and is not held.
    let Ok(lock) = File::open(folder) else { return };
    if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
        return;
    }
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| is_temporary(&entry.file_name(), prefix, is_taken)) {
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

/// Whether this is the prefix, random letters and the suffix; or what was set aside under such a name, if that counts.
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
        let names = [".c.fq.abc123.part", ".c.fq.abcdef.part", ".c.fq.x.part", ".n.fq.abc123.part", "c.fq.abc123.part"];
        for name in names {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let held = File::open(folder.path().join(names[1])).unwrap();
        assert!(hold(&held).unwrap());
        remove(folder.path(), b".c.fq.", false);
        let left = names.map(|name| folder.path().join(name).exists());
        assert_eq!(left, [false, true, true, true, true]);
        drop(held);
        remove(folder.path(), b".c.fq.", false);
        assert!(!folder.path().join(names[1]).exists());
    }

    #[test]
    fn what_was_set_aside_goes_only_where_its_place_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let aside = folder.path().join(".c.fq.abc123.part.old");
        std::fs::write(&aside, "").unwrap();
        for is_taken in [false, true] {
            remove(folder.path(), b".c.fq.", is_taken);
            assert_eq!(aside.exists(), !is_taken);
        }
    }
}
