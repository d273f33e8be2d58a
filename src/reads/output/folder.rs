//! A folder created for outputs, which is removed again if it stays empty.

use std::path::{Path, PathBuf};

use super::failure::failed;
use crate::reads::error::Result;

/// The folders that were missing, innermost first. Dropping it removes those that are empty, so that a failed run
/// leaves nothing.
#[derive(Debug)]
#[must_use = "dropping it removes an empty folder"]
pub struct MadeFolder(Vec<PathBuf>);

impl MadeFolder {
    /// Creates a folder and its missing parents.
    ///
    /// # Errors
    /// [`Error::Output`](crate::reads::Error::Output) if it cannot be created.
    pub fn make(folder: &Path) -> Result<Self> {
        let is_missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
        let made = Self(folder.ancestors().take_while(is_missing).map(Path::to_owned).collect());
        std::fs::create_dir_all(folder).map_err(|source| failed(folder, source))?;
        Ok(made)
    }
}

impl Drop for MadeFolder {
    fn drop(&mut self) {
        for folder in &self.0 {
            let _not_empty = std::fs::remove_dir(folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_empty_folders_that_were_missing_go_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        drop(MadeFolder::make(&path("a/b")).unwrap());
        assert!(!path("a").exists());
        std::fs::create_dir(path("there")).unwrap();
        drop(MadeFolder::make(&path("there")).unwrap());
        assert!(path("there").exists());
        let made = MadeFolder::make(&path("c/d")).unwrap();
        std::fs::write(path("c/reads.fq"), "").unwrap();
        drop(made);
        assert!(path("c/reads.fq").exists() && !path("c/d").exists());
    }
}
