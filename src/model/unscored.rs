//! The absence of a model: no read is long enough for it. It measures the cost of the rest of a run.

use super::card::Card;
use super::engine::Engine;
use super::error::Result;
use super::family::{Requirements, Scoring};
use super::row::Row;
use crate::kmer;
use crate::prediction::Predictions;

/// Stands in for a model when reads are not scored.
#[derive(Debug)]
pub(super) struct Unscored;

impl Unscored {
    /// A card that cannot be mistaken for a model's.
    pub(super) fn card() -> Card {
        Card {
            name: "none".to_owned(),
            kind: "none".into(),
            sha256: String::new(),
            attention: None,
            precision: "none".into(),
            parameters: 0,
            device: "nothing: no read was scored".to_owned(),
            backend: "none".to_owned(),
        }
    }
}

impl Scoring for Unscored {
    fn requirements(&self) -> Requirements {
        Requirements {
            k: *kmer::K.end(),
            longest_row: None,
            window_length: usize::MAX,
            shortest_read: usize::MAX,
            tells_frames: false,
        }
    }

    fn network_rows<'a>(&self, _rows: &[&'a [u16]]) -> Vec<Row<'a>> {
        Vec::new()
    }

    fn predictions(&self, _rows: &[&[u16]], _logits: &[f32]) -> Predictions {
        Predictions::default()
    }
}

impl Engine for Unscored {
    fn logits(&self, _rows: &[Row<'_>]) -> Result<Vec<f32>> {
        Ok(Vec::new())
    }

    fn device(&self) -> String {
        Self::card().device
    }

    fn backend(&self) -> String {
        Self::card().backend
    }

    fn workers(&self) -> usize {
        1
    }

    fn rows_per_call(&self, _parameters: usize) -> usize {
        4096
    }
}
