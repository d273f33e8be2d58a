//! The input of a decoder: a file as stored, and where the decoder reports its progress and warnings.

use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;

use crate::reads::InputCounts;
use crate::reads::bytes::meter::Reach;
use crate::reads::bytes::window::{Bytes, Window};

/// A compressed file, and what its decoder needs.
pub(in crate::reads) struct Source {
    pub(in crate::reads) stored: Window<Bytes>,
    /// The number of blocks that may be decoded at once.
    pub(in crate::reads) workers: NonZero<usize>,
    /// The decoder's progress.
    pub(in crate::reads) reach: Arc<Reach>,
    /// The path of the file, for warnings.
    pub(in crate::reads) path: Arc<Path>,
    /// The counts, which also take the warnings.
    pub(in crate::reads) counts: Arc<InputCounts>,
}
