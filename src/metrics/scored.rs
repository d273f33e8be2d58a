//! Scored reads with the truth, from which measures are computed.

/// The prediction for a read, and the truth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// The probability of coding.
    pub probability: f32,
    /// Whether the read is coding.
    pub is_coding: bool,
}
