//! What a model says of a read: how likely it is coding, on which strand and in which frame.

use std::fmt;

/// What a model says of one row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// Probability of coding, 0 to 1.
    pub probability: f32,
    /// Most likely frame, if the model tells frames; meaningful where the read is coding.
    pub frame: Option<Frame>,
}

/// Strand and codon phase of a coding read: `+f`, codons start at offset f of the read as given; `-f`, at offset f of
/// its reverse complement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Frame {
    /// Which strand is coding.
    pub strand: Strand,
    /// 0, 1 or 2: where the first whole codon starts.
    pub offset: u8,
}

/// A strand relative to the read as given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Strand {
    /// The read as given.
    Plus,
    /// Its reverse complement.
    Minus,
}

impl Frame {
    /// All six, in the order the networks number them: +0 +1 +2 -0 -1 -2.
    pub const ALL: [Self; 6] = [
        Self { strand: Strand::Plus, offset: 0 },
        Self { strand: Strand::Plus, offset: 1 },
        Self { strand: Strand::Plus, offset: 2 },
        Self { strand: Strand::Minus, offset: 0 },
        Self { strand: Strand::Minus, offset: 1 },
        Self { strand: Strand::Minus, offset: 2 },
    ];
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.strand {
            Strand::Plus => '+',
            Strand::Minus => '-',
        };
        write!(f, "{sign}{}", self.offset)
    }
}
