//! Reads whole files: lists, reports, settings. None is large, but a device or another file given in their place may
//! be.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The size in bytes of the largest file that is read whole.
const MOST: u64 = 256 << 20;

/// Reads a whole file.
///
/// # Errors
/// If it is larger than 256 MiB, and as [`std::fs::read`].
pub(crate) fn read_whole(path: &Path) -> io::Result<Vec<u8>> {
    whole(File::open(path)?)
}

/// Reads the whole of an open file, within the same limit.
pub(crate) fn whole(file: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(MOST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 256 MiB"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_ends_is_refused() {
        let error = whole(io::repeat(0)).unwrap_err();
        assert_eq!(error.to_string(), "it is larger than 256 MiB");
        assert_eq!(whole(&b"[]"[..]).unwrap(), b"[]");
    }
}
