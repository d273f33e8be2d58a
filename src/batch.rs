//! Rows of token ids, and how they are planned into batches. Pure: knows no model and no tensor.

/// The token ids of many segments, end to end, without special tokens or padding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Token ids of all rows, one row after the other.
    pub ids: Vec<u16>,
    /// Where each row ends in `ids`; as many as there are rows.
    pub ends: Vec<u32>,
}

impl Tokens {
    /// Ends a row after the ids that are there.
    ///
    /// # Panics
    /// At 2^32 ids: a chunk holds far fewer.
    pub fn end_row(&mut self) {
        self.ends.push(u32::try_from(self.ids.len()).expect("a chunk holds far fewer than 2^32 bases"));
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The ids of one row.
    ///
    /// # Panics
    /// If there are not that many rows.
    #[must_use]
    pub fn row(&self, row: usize) -> &[u16] {
        let start = if row == 0 { 0 } else { self.ends[row - 1] as usize };
        &self.ids[start..self.ends[row] as usize]
    }

    /// The rows in order.
    pub fn rows(&self) -> impl Iterator<Item = &[u16]> {
        (0..self.len()).map(|row| self.row(row))
    }
}

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
