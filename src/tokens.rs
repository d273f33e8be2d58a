//! Rows of token ids: the input of a model. Pure: knows no model and no tensor.

/// The token ids of many segments, end to end, without special tokens or padding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// The ids of all rows, one row after the other.
    pub ids: Vec<u16>,
    /// The end of each row in `ids`.
    pub ends: Vec<u32>,
    /// The indices of the rows that are also scored on a plain path, in order.
    pub audited: Vec<u32>,
}

impl Tokens {
    /// Ends the current row.
    ///
    /// # Panics
    /// At 2^32 ids; a chunk holds far fewer.
    pub fn end_row(&mut self) {
        self.ends.push(u32::try_from(self.ids.len()).expect("a chunk holds far fewer than 2^32 bases"));
    }

    /// Marks the last row to be also scored on a plain path.
    ///
    /// # Panics
    /// If there is no row.
    pub fn audit_row(&mut self) {
        self.audited.push(u32::try_from(self.len() - 1).expect("rows are fewer than ids"));
    }

    /// Copies the rows marked with [`audit_row`](Self::audit_row).
    #[must_use]
    pub fn audited(&self) -> Self {
        let mut own = Self::default();
        for &row in &self.audited {
            own.ids.extend_from_slice(self.row(row as usize));
            own.end_row();
        }
        own
    }

    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The ids of row number `row`.
    ///
    /// # Panics
    /// If there are fewer rows.
    #[must_use]
    pub fn row(&self, row: usize) -> &[u16] {
        let start = if row == 0 { 0 } else { self.ends[row - 1] as usize };
        &self.ids[start..self.ends[row] as usize]
    }

    /// Iterates over the rows in order.
    pub fn rows(&self) -> impl Iterator<Item = &[u16]> {
        (0..self.len()).map(|row| self.row(row))
    }
}
