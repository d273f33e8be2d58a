//! What a decoder is given: a file as stored, and what it tells others while it works.

use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;

use crate::reads::InputCounts;
use crate::reads::bytes::meter::Reach;
use crate::reads::bytes::window::{Bytes, Window};

/// A compressed file.
pub(in crate::reads) struct Source {
    pub(in crate::reads) stored: Window<Bytes>,
    /// How many blocks may be undone at once.
    pub(in crate::reads) workers: NonZero<usize>,
    /// How far the decoder is.
    pub(in crate::reads) reach: Arc<Reach>,
    /// The file's name, for warnings.
    pub(in crate::reads) path: Arc<Path>,
    /// What takes them.
    pub(in crate::reads) counts: Arc<InputCounts>,
}
