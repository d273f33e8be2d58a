//! Errors of downloads.

use std::io;
use std::path::PathBuf;

/// Why a model cannot be downloaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// This program was built without downloads.
    #[error("this program was built without the feature `fetch`")]
    NotBuilt,
    /// The file does not exist, or we may not see it.
    #[error("{url} does not exist")]
    NotFound {
        /// The address of the file.
        url: String,
    },
    /// The server requires authentication.
    #[error("{url}: access is refused (HTTP {status})")]
    Refused {
        /// The address of the file.
        url: String,
        /// The status: 401 or 403.
        status: u16,
    },
    /// The server returned another error.
    #[error("{url}: the server answers HTTP {status}")]
    Status {
        /// The address of the file.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// The server cannot be reached, or the connection breaks repeatedly.
    #[error("{url}")]
    Network {
        /// The address of the file.
        url: String,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file has the wrong length.
    #[error("{url} has {found} bytes, expected {expected}")]
    Size {
        /// The address of the file.
        url: String,
        /// The length of the file.
        found: u64,
        /// The length it should have.
        expected: u64,
    },
    /// The file has the wrong content.
    #[error("{url} has the SHA-256 {found}, expected {expected}")]
    Checksum {
        /// The address of the file.
        url: String,
        /// The SHA-256 of the file.
        found: String,
        /// The SHA-256 it should have.
        expected: String,
    },
    /// Another process is downloading the same checkpoint.
    #[error("another process is downloading it")]
    Busy,
    /// The download cannot be written.
    #[error("cannot write {}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        #[source]
        source: io::Error,
    },
}
