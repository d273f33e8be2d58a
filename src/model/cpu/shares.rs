//! Shares work between threads while weights are packed, before any read is computed.

use std::num::NonZero;
use std::thread;

/// The most threads: more would wait for memory.
const MOST_THREADS: usize = 8;
/// A number of values that take longer to write than a thread takes to start.
const ENOUGH: usize = 1 << 18;

/// Applies `each` to all items, which hold `numbers` numbers in total; on all cores if that pays.
pub(super) fn in_shares<T: Send>(items: &mut [T], numbers: usize, each: impl Fn(&mut T) + Sync) {
    // Asking for the cores reads files, and our own networks have dozens of small matrices.
    let cores = || thread::available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS);
    let threads = if numbers < ENOUGH { 1 } else { cores() };
    let (each, share) = (&each, items.len().div_ceil(threads).max(1));
    let mut shares = items.chunks_mut(share);
    let own = shares.next();
    thread::scope(|scope| {
        for share in shares {
            scope.spawn(move || share.iter_mut().for_each(each));
        }
        own.into_iter().flatten().for_each(each);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_item_has_its_turn_once() {
        for count in [0, 1, 2, 7, 100] {
            for numbers in [0, ENOUGH] {
                let mut items = vec![1; count];
                in_shares(&mut items, numbers, |item| *item += 1);
                assert_eq!(items, vec![2; count]);
            }
        }
    }
}
