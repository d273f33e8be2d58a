//! How far a download is.

/// How far the download of a file is.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// The file's name.
    pub file: &'a str,
    /// Bytes that are here.
    pub received: u64,
    /// Bytes of the whole file, where the server says so.
    pub total: Option<u64>,
}
