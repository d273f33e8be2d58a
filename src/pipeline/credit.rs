//! Credit bounds the bytes in flight: decode takes it for a chunk, write gives it back once the chunk is written.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// Bytes per permit: a semaphore counts permits in `u32`.
const UNIT: usize = 1024;

/// Bytes of memory for a byte of records: the records, two bytes of token ids per base, the text to write.
const BYTES_HELD_PER_BYTE: usize = 4;

/// Bounds the bytes between decode and write. A minimum price per chunk also bounds the number of chunks: bounding
/// chunks alone would not bound bytes, and bounding bytes alone would not bound the channels.
#[derive(Clone, Debug)]
pub(super) struct Credit {
    permits: Arc<Semaphore>,
    total: u32,
    least: u32,
    held: usize,
}

/// The credit that one chunk took, to be given back unchanged.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub(super) struct Price(u32);

impl Credit {
    /// Creates credit for `memory` bytes in at most `chunks` chunks. Each byte of records costs `more` bytes on top of
    /// its own.
    pub(super) fn new(memory: u64, chunks: usize, more: usize) -> Self {
        let units = usize::try_from(memory).unwrap_or(usize::MAX) / UNIT;
        let total = units.clamp(chunks, Semaphore::MAX_PERMITS.min(u32::MAX as usize));
        let as_permits = |n: usize| u32::try_from(n).expect("clamped to u32 above");
        Self {
            permits: Arc::new(Semaphore::new(total)),
            total: as_permits(total),
            least: as_permits(total.div_ceil(chunks)),
            held: BYTES_HELD_PER_BYTE + more,
        }
    }

    /// The number of bytes of records that a chunk may hold for the expected number of chunks to fit.
    pub(super) fn bytes_per_chunk(&self) -> usize {
        self.least as usize * UNIT / self.held
    }

    /// The number of bytes of records that fit into `memory`.
    pub(super) fn bytes_in(&self, memory: u64) -> usize {
        usize::try_from(memory).unwrap_or(usize::MAX) / self.held
    }

    /// Waits until `bytes` of records may be held. A chunk larger than all credit takes all of it and so passes alone,
    /// instead of never.
    pub(super) async fn take(&self, bytes: usize) -> Price {
        let units = u32::try_from(bytes.saturating_mul(self.held) / UNIT).unwrap_or(u32::MAX);
        let price = units.clamp(self.least, self.total);
        self.permits.acquire_many(price).await.expect("the semaphore is never closed").forget();
        Price(price)
    }

    /// Gives back the credit of a chunk.
    pub(super) fn give_back(&self, price: &Price) {
        self.permits.add_permits(price.0 as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn small_chunks_are_bounded_in_number_and_large_ones_in_bytes() {
        let credit = Credit::new(1 << 20, 4, 0);
        let taken: Vec<_> = (0..4).map(|_| credit.take(1).now_or_never().expect("four chunks fit")).collect();
        assert!(credit.take(1).now_or_never().is_none(), "a fifth chunk must wait");
        for price in &taken {
            credit.give_back(price);
        }
        let all = credit.take(1 << 30).now_or_never().expect("an oversized chunk passes alone");
        assert!(credit.take(1).now_or_never().is_none(), "nothing fits beside it");
        credit.give_back(&all);
        assert!(credit.take(1).now_or_never().is_some());
    }
}
