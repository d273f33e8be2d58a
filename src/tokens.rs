//! Rows of token ids: what a model sees of reads. Pure: knows no model and no tensor.

/// The token ids of many segments, end to end, without special tokens or padding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Token ids of all rows, one row after the other.
    pub ids: Vec<u16>,
    /// Where each row ends in `ids`; as many as there are rows.
    pub ends: Vec<u32>,
    /// The rows, in order, that are also scored on a plain path.
    pub audited: Vec<u32>,
}

impl Tokens {
    /// Ends a row after the ids that are there.
    ///
    /// # Panics
    /// At 2^32 ids: a chunk holds far fewer.
    pub fn end_row(&mut self) {
        self.ends.push(u32::try_from(self.ids.len()).expect("a chunk holds far fewer than 2^32 bases"));
    }

    /// Marks the last row as one that is also scored on a plain path.
    ///
    /// # Panics
    /// If there is no row.
    pub fn audit_row(&mut self) {
        self.audited.push(u32::try_from(self.len() - 1).expect("rows are fewer than ids"));
    }

    /// The rows marked so, as rows of their own.
    #[must_use]
    pub fn audited(&self) -> Self {
        let mut own = Self::default();
        for &row in &self.audited {
            own.ids.extend_from_slice(self.row(row as usize));
            own.end_row();
        }
        own
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
