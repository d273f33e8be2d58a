//! Puts chunks back in input order, in whatever order the previous stages finished them.

use std::collections::BTreeMap;

/// Takes items in any order and returns them by ascending index, from 0, without gaps.
///
/// It must accept every early item: refusing one could block the very item it waits for. The credit bounds how many
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
    /// Creates a `Reorder` that waits for the item with index 0.
    #[must_use]
    pub fn new() -> Self {
        Self { next: 0, waiting: BTreeMap::new() }
    }

    /// Adds the item with this `index`.
    pub fn push(&mut self, index: u64, item: T) {
        let previous = self.waiting.insert(index, item);
        debug_assert!(previous.is_none(), "index {index} came twice");
    }

    /// Takes the next item in order, if it has arrived.
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
