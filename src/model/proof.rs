//! A plain path that runs beside an engine that has passed its check. It covers what no check before a run can: a GPU's
//! kernels depend on the shapes of batches, and shapes depend on the input.

use super::difference::Difference;
use super::engine::{Engine, Proof};
use super::error::Result;
use super::precision::Precision;
use super::row::Row;

/// The plain path, and how much is compared with it.
#[derive(Debug)]
pub(super) struct Plain {
    engine: Box<dyn Engine>,
    /// The precision of the other engine.
    precision: Precision,
    /// The most rows of a batch that are compared.
    rows: usize,
}

impl Plain {
    /// Creates the proof for a network with this many parameters.
    pub(super) fn new(engine: Box<dyn Engine>, precision: Precision, parameters: usize) -> Self {
        /// Parameters times rows that are affordable: some rows of a small network, but one row of a BERT of full size.
        const AFFORDABLE: usize = 100_000_000;
        Self { engine, precision, rows: (AFFORDABLE / parameters.max(1)).clamp(1, 8) }
    }
}

impl Proof for Plain {
    /// Chooses the last row, and others spread over the batch.
    fn some_of(&self, rows: &[usize]) -> Vec<usize> {
        rows.iter().rev().copied().step_by(rows.len().div_ceil(self.rows).max(1)).collect()
    }

    fn compare(&self, rows: &[Row<'_>], logits: &[f32]) -> Result<Difference> {
        Ok(Difference::of(logits, &self.engine.logits(rows)?, self.precision))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An engine whose two logits are the number of k-mers of a row, and 0.
    #[derive(Debug)]
    struct Counts;

    impl Engine for Counts {
        fn logits(&self, rows: &[Row<'_>]) -> Result<Vec<f32>> {
            let count = |row: &Row<'_>| f32::from(u16::try_from(row.ids.len()).unwrap());
            Ok(rows.iter().flat_map(|row| [count(row), 0.0]).collect())
        }

        fn device(&self) -> String {
            String::new()
        }

        fn backend(&self) -> String {
            String::new()
        }

        fn workers(&self) -> usize {
            1
        }

        fn rows_per_call(&self, _parameters: usize) -> usize {
            1
        }
    }

    #[test]
    fn another_answer_is_noticed() {
        let proof = Plain::new(Box::new(Counts), Precision::F32, 1000);
        let rows = [Row { ids: &[7; 3], before: 0 }, Row { ids: &[7; 5], before: 0 }];
        assert!(proof.compare(&rows, &[3.0, 0.0, 5.0, 0.0]).unwrap().is_rounding());
        assert!(!proof.compare(&rows, &[3.0, 0.0, 5.0, 0.1]).unwrap().is_rounding());
    }

    proptest! {
        #[test]
        fn the_last_row_is_compared_and_few_others(count in 1_usize..3000, parameters in 1_usize..100_000_000) {
            let proof = Plain::new(Box::new(Counts), Precision::F32, parameters);
            let rows: Vec<usize> = (0..count).collect();
            let some = proof.some_of(&rows);
            prop_assert_eq!(some[0], count - 1);
            prop_assert!(some.len() <= 8 && some.len() >= proof.rows.min(count).div_ceil(2));
        }
    }
}
