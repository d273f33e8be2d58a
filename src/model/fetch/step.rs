//! The progress of a download.

/// The progress in downloading a file.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// The file's name.
    pub file: &'a str,
    /// The number of bytes received.
    pub received: u64,
    /// The number of bytes in the whole file, if the server says so.
    pub total: Option<u64>,
}
