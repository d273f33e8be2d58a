//! Chooses the reads of each training step. Pure.

use crate::reads::name_hash;

/// The reads of a step, all of the same length inside the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Batch {
    pub(super) reads: Vec<usize>,
    pub(super) length: usize,
}

/// Splits reads, given by their lengths, into batches of at most `size`. The batches and their order differ between
/// epochs, but are the same for the same seed. Each epoch has the same number of batches.
pub(super) fn batches(lengths: &[usize], size: usize, seed: u64, epoch: usize) -> Vec<Batch> {
    let place = |what: &str, number: usize| name_hash(Some(seed), format!("{what} {number} in {epoch}").as_bytes());
    let mut all: Vec<(usize, u64, usize)> =
        lengths.iter().enumerate().map(|(read, &length)| (length, place("read", read), read)).collect();
    all.sort_unstable();
    let mut batches: Vec<(u64, Batch)> = Vec::new();
    for same in all.chunk_by(|one, other| one.0 == other.0) {
        for reads in same.chunks(size.max(1)) {
            let batch = Batch { reads: reads.iter().map(|&(_, _, read)| read).collect(), length: reads[0].0 };
            batches.push((place("batch", batch.reads[0]), batch));
        }
    }
    batches.sort_unstable_by_key(|&(place, ref batch)| (place, batch.reads[0]));
    batches.into_iter().map(|(_, batch)| batch).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_read_is_seen_once_an_epoch_among_its_like(
            lengths in prop::collection::vec(0_usize..5, 0..100), size in 1_usize..9, seed: u64, epoch in 0_usize..9,
        ) {
            let batches_of = |epoch| batches(&lengths, size, seed, epoch);
            let all = batches_of(epoch);
            let mut seen: Vec<usize> = all.iter().flat_map(|batch| batch.reads.clone()).collect();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..lengths.len()).collect::<Vec<_>>());
            for Batch { reads, length } in &all {
                prop_assert!(reads.len() <= size && reads.iter().all(|&read| lengths[read] == *length));
            }
            prop_assert_eq!(&all, &batches_of(epoch));
            prop_assert_eq!(all.len(), batches_of(epoch + 1).len());
        }
    }

    #[test]
    fn epochs_differ() {
        let lengths = [7; 100];
        assert_ne!(batches(&lengths, 10, 1, 0), batches(&lengths, 10, 1, 1));
        assert_ne!(batches(&lengths, 10, 1, 0), batches(&lengths, 10, 2, 0));
    }
}
