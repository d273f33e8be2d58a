//! Writes the reports of an evaluation.

use std::path::Path;

use super::account::Evaluation;
use super::{page, table};
use crate::error::Result;
use crate::reads::EncoderConfig;
use crate::reads::output::Pending;
use crate::report::files::{json, write};

impl Evaluation {
    /// Writes the requested reports. They are put in place together later.
    pub async fn write(
        &self,
        as_json: Option<&Path>,
        html: Option<&Path>,
        encoding: EncoderConfig,
    ) -> Result<Vec<Pending>> {
        let mut pending = Vec::new();
        if let Some(path) = as_json {
            pending.push(write(&json(self), path, encoding).await?);
        }
        if let Some(path) = html {
            pending.push(write(&page::page(self), path, encoding).await?);
        }
        Ok(pending)
    }

    /// Returns the measures as a table for people and programs: all reads, and each group, bin of lengths and bin of GC
    /// contents.
    #[must_use]
    pub fn table(&self) -> String {
        table::table(self)
    }
}
