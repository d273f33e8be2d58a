//! What a run says of a read: in a BAM record's tags, or at the end of a header line.

/// What a run says of a read, for its tags.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// Of coding: `cp:f`.
    pub probability: f32,
    /// As the scores table has it, 1 2 3 -1 -2 -3: `cf:i`, left out where the model tells none.
    pub frame: Option<i8>,
}
