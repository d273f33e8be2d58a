//! Why a model cannot be downloaded.

use std::io;
use std::path::PathBuf;

/// Why a model cannot be downloaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// This program was built without the part that downloads.
    #[error("this program was built without the feature `fetch`")]
    NotBuilt,
    /// There is no such file, or it is not ours to see.
    #[error("{url} does not exist")]
    NotFound {
        /// The file.
        url: String,
    },
    /// The server wants to know who asks.
    #[error("{url}: access is refused (HTTP {status})")]
    Refused {
        /// The file.
        url: String,
        /// 401 or 403.
        status: u16,
    },
    /// The server says something else.
    #[error("{url}: the server answers HTTP {status}")]
    Status {
        /// The file.
        url: String,
        /// What it says.
        status: u16,
    },
    /// The server cannot be reached, or the connection breaks again and again.
    #[error("{url}")]
    Network {
        /// The file.
        url: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file has another length than it should.
    #[error("{url} has {found} bytes, expected {expected}")]
    Size {
        /// The file.
        url: String,
        /// Its length.
        found: u64,
        /// What it should be.
        expected: u64,
    },
    /// The file has another content than it should.
    #[error("{url} has the SHA-256 {found}, expected {expected}")]
    Checksum {
        /// The file.
        url: String,
        /// Its SHA-256.
        found: String,
        /// What it should be.
        expected: String,
    },
    /// Another process downloads the same.
    #[error("another process is downloading it")]
    Busy,
    /// What is downloaded cannot be written.
    #[error("cannot write {}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}
