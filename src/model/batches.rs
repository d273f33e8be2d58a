//! How rows are planned into batches for burn. Pure: knows no tensor.

/// How rows may share a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Rows a batch at most.
    pub rows: usize,
    /// Rows times padded length at most, unless a single row is longer.
    pub tokens: usize,
    /// How rows are padded.
    pub padding: Padding,
}

/// How long a batch's rows are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// All rows to one length, whatever their own.
    To(usize),
    /// Each row to the next multiple: the fewer lengths there are, the fewer kernels a GPU has to tune.
    ToMultipleOf(usize),
}

impl Padding {
    /// The length that a row of this length is padded to.
    #[must_use]
    pub fn padded(self, length: usize) -> usize {
        match self {
            Self::To(padded) => padded.max(length),
            Self::ToMultipleOf(step) => length.next_multiple_of(step),
        }
    }
}

/// Rows of one padded length: one forward pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Which rows, in ascending order.
    pub rows: Vec<usize>,
    /// The length they are padded to.
    pub bucket: usize,
}

/// Plans rows of these lengths into batches, shortest bucket first. It depends on nothing but its arguments.
#[must_use]
pub fn plan(lengths: &[usize], limits: &Limits) -> Vec<Batch> {
    let mut rows: Vec<(usize, usize)> =
        lengths.iter().enumerate().map(|(row, &length)| (limits.padding.padded(length), row)).collect();
    rows.sort_unstable();
    let mut batches = Vec::new();
    for same in rows.chunk_by(|one, other| one.0 == other.0) {
        let bucket = same[0].0;
        let most = (limits.tokens / bucket.max(1)).clamp(1, limits.rows.max(1));
        for rows in same.chunks(most) {
            batches.push(Batch { rows: rows.iter().map(|&(_, row)| row).collect(), bucket });
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
        fn every_row_is_in_one_batch_within_the_limits(
            lengths in proptest::collection::vec(0_usize..500, 0..200),
            rows in 1_usize..40, tokens in 1_usize..20_000, padding in paddings(),
        ) {
            let limits = Limits { rows, tokens, padding };
            let batches = plan(&lengths, &limits);
            let mut seen: Vec<usize> = batches.iter().flat_map(|batch| batch.rows.clone()).collect();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..lengths.len()).collect::<Vec<_>>());
            for Batch { rows, bucket } in &batches {
                prop_assert!(!rows.is_empty() && rows.len() <= limits.rows);
                prop_assert!(rows.len() == 1 || rows.len() * bucket <= tokens);
                prop_assert!(rows.iter().all(|&row| lengths[row] <= *bucket));
                prop_assert!(rows.is_sorted());
            }
        }
    }
}
