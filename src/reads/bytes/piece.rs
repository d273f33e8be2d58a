//! A piece of a file, handed out bit by bit as readers ask for it.

use tokio::io::ReadBuf;

/// A buffer of bytes, and how many of them are used.
#[derive(Debug, Default)]
pub(super) struct Piece {
    bytes: Vec<u8>,
    used: usize,
}

impl Piece {
    /// Creates a piece with all bytes unused.
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, used: 0 }
    }

    pub(super) fn is_used_up(&self) -> bool {
        self.used == self.bytes.len()
    }

    /// Copies as many bytes as `into` has room for.
    pub(super) fn fill(&mut self, into: &mut ReadBuf<'_>) {
        let rest = &self.bytes[self.used..];
        let n = rest.len().min(into.remaining());
        into.put_slice(&rest[..n]);
        self.used += n;
    }
}
