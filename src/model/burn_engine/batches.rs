//! Plans rows into batches for burn. Pure: knows no tensor.

/// The length that rows are padded to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum Padding {
    /// All rows to one length.
    To(usize),
    /// Each row to the next multiple of this: the fewer lengths, the fewer kernels a GPU has to tune.
    ToMultipleOf(usize),
}

impl Padding {
    /// The padded length of a row with this length.
    pub(in crate::model) fn padded(self, length: usize) -> usize {
        match self {
            Self::To(padded) => padded.max(length),
            Self::ToMultipleOf(step) => length.next_multiple_of(step),
        }
    }
}

/// Rows with the same padded length, for one forward pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::model) struct Batch {
    /// The indices of the rows, in ascending order.
    pub(in crate::model) rows: Vec<usize>,
    /// The length they are padded to.
    pub(in crate::model) length: usize,
}

/// Plans rows with these lengths into batches of at most `most` rows, shortest length first. The plan depends only on
/// the arguments.
pub(in crate::model) fn plan(lengths: &[usize], most: usize, padding: Padding) -> Vec<Batch> {
    let mut rows: Vec<(usize, usize)> =
        lengths.iter().enumerate().map(|(row, &length)| (padding.padded(length), row)).collect();
    rows.sort_unstable();
    let mut batches = Vec::new();
    for same in rows.chunk_by(|one, other| one.0 == other.0) {
        let length = same[0].0;
        for rows in same.chunks(most.max(1)) {
            batches.push(Batch { rows: rows.iter().map(|&(_, row)| row).collect(), length });
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn paddings() -> impl Strategy<Value = Padding> {
        prop_oneof![(1_usize..400).prop_map(Padding::To), (1_usize..64).prop_map(Padding::ToMultipleOf)]
    }

    proptest! {
        #[test]
        fn every_row_is_in_one_batch_of_its_padded_length(
            lengths in proptest::collection::vec(0_usize..500, 0..200),
            most in 1_usize..40, padding in paddings(),
        ) {
            let batches = plan(&lengths, most, padding);
            let mut seen: Vec<usize> = batches.iter().flat_map(|batch| batch.rows.clone()).collect();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..lengths.len()).collect::<Vec<_>>());
            for Batch { rows, length } in &batches {
                prop_assert!(!rows.is_empty() && rows.len() <= most);
                prop_assert!(rows.iter().all(|&row| padding.padded(lengths[row]) == *length && lengths[row] <= *length));
                prop_assert!(rows.is_sorted());
            }
        }
    }
}
