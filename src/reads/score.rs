//! The score of a read, as written to the tags of a BAM record or to the end of a header line.

/// What a run predicts for a read.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// Probability of coding: the tag `cp:f`.
    pub probability: f32,
    /// The frame as in the scores table, 1 2 3 -1 -2 -3: the tag `cf:i`. `None` if the model predicts no frames.
    pub frame: Option<i8>,
}
