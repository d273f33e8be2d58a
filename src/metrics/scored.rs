//! What measures are made of.

/// What a model says of a read, and what is true.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// The probability of coding.
    pub probability: f32,
    /// Whether the read is coding.
    pub is_coding: bool,
}
