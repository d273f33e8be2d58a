//! Puts chunks back in input order, however the stages before finished them.

use std::collections::BTreeMap;

/// Takes items in any order and gives them back by ascending index, from 0, without a gap.
///
/// It must accept every early item: refusing one could block the very item it waits for. The credits bound how many
/// there can be.
#[derive(Debug)]
pub struct Reorder<T> {
    next: u64,
    waiting: BTreeMap<u64, T>,
}

impl<T> Default for Reorder<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Reorder<T> {
    /// Waits for the first item, that of index 0.
    #[must_use]
    pub fn new() -> Self {
        Self { next: 0, waiting: BTreeMap::new() }
    }

    /// Takes one item in.
    pub fn push(&mut self, index: u64, item: T) {
        let previous = self.waiting.insert(index, item);
        debug_assert!(previous.is_none(), "index {index} came twice");
    }

    /// The next item in order, if it is there.
    pub fn pop(&mut self) -> Option<T> {
        let item = self.waiting.remove(&self.next)?;
        self.next += 1;
        Some(item)
    }

    /// How many items it has given back.
    #[must_use]
    pub fn given(&self) -> u64 {
        self.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_arrival_order_leaves_in_input_order(arrivals in Just((0_u64..40).collect::<Vec<_>>()).prop_shuffle()) {
            let mut reorder = Reorder::new();
            let mut left = Vec::new();
            for index in arrivals {
                reorder.push(index, index);
                left.extend(std::iter::from_fn(|| reorder.pop()));
            }
            prop_assert_eq!(left, (0..40).collect::<Vec<_>>());
            prop_assert_eq!(reorder.given(), 40);
        }
    }
}
